/** The board on the plaza that shows the shared document. Its canvas is painted when the text changes. */
import {
  BoxGeometry,
  CanvasTexture,
  CylinderGeometry,
  Group,
  Matrix4,
  Mesh,
  MeshBasicMaterial,
  PlaneGeometry,
} from 'three';
import { SIGN } from '../../layout.ts';
import { lit } from './light.ts';
import { merged, painted } from './painted.ts';
import { PALETTE } from './palette.ts';
import { wrapText } from './wrap-text.ts';

const WIDTH = 1024;
const HEIGHT = 576;
const MARGIN = 64;
const EMPTY = 'Nothing here yet. Write on the sign, beside the plaza.';

export interface SignBoard {
  readonly group: Group;
  show(text: string): void;
}

export function createSignBoard(): SignBoard {
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const brush = canvas.getContext('2d')!;
  const texture = new CanvasTexture(canvas);
  const face = new Mesh(new PlaneGeometry(3.84, 2.16), new MeshBasicMaterial({ map: texture }));
  face.position.set(0, 2.05, 0.09);

  const group = new Group();
  group.add(new Mesh(lit(frame()), new MeshBasicMaterial({ vertexColors: true })), face);
  group.position.set(SIGN.x, 0, SIGN.z);
  group.rotation.y = SIGN.yaw;

  let shown: string | undefined;
  const show = (text: string) => {
    if (text === shown) return;
    shown = text;
    paint(brush, text);
    texture.needsUpdate = true;
  };
  show('');
  return { group, show };
}

function frame() {
  const at = (x: number, y: number, z: number) => new Matrix4().makeTranslation(x, y, z);
  const post = new CylinderGeometry(0.1, 0.12, 3.6, 7);
  const beam = new BoxGeometry(4.2, 0.16, 0.2);
  const side = new BoxGeometry(0.16, 2.46, 0.2);
  const lean = (turn: number, z: number) => at(0, 3.62, z).multiply(new Matrix4().makeRotationX(turn));
  const shingle = new BoxGeometry(4.7, 0.09, 0.62);
  return merged([
    painted(post, PALETTE.woodDark, at(-2.02, 1.8, 0)),
    painted(post, PALETTE.woodDark, at(2.02, 1.8, 0)),
    painted(beam, PALETTE.wood, at(0, 3.2, 0.02)),
    painted(beam, PALETTE.wood, at(0, 0.9, 0.02)),
    painted(side, PALETTE.wood, at(-1.96, 2.05, 0.02)),
    painted(side, PALETTE.wood, at(1.96, 2.05, 0.02)),
    painted(new BoxGeometry(3.9, 2.3, 0.08), '#efe6d2', at(0, 2.05, 0)),
    painted(shingle, PALETTE.roofs[0], lean(0.5, 0.24)),
    painted(shingle, PALETTE.roofs[0], lean(-0.5, -0.24)),
  ]);
}

/** The largest letters with which all of it fits; what still does not is cut. */
function paint(brush: CanvasRenderingContext2D, text: string): void {
  brush.fillStyle = '#f7f0e0';
  brush.fillRect(0, 0, WIDTH, HEIGHT);
  brush.strokeStyle = '#d9c9a8';
  brush.lineWidth = 4;
  brush.strokeRect(22, 22, WIDTH - 44, HEIGHT - 44);
  const isEmpty = text.trim() === '';
  brush.fillStyle = isEmpty ? '#9a8c78' : '#3a3028';
  brush.textAlign = 'center';
  brush.textBaseline = 'middle';
  for (let size = 96; size >= 26; size -= 6) {
    brush.font = `${isEmpty ? 'italic ' : ''}${size}px Georgia, 'Times New Roman', serif`;
    const lines = wrapText(
      isEmpty ? EMPTY : text,
      (line) => brush.measureText(line).width <= WIDTH - 2 * MARGIN,
    );
    const room = Math.floor((HEIGHT - 2 * MARGIN + size * 0.3) / (size * 1.3));
    if (lines.length > room && size > 26) continue;
    const shown = lines.slice(0, room);
    const top = HEIGHT / 2 - ((shown.length - 1) * size * 1.3) / 2;
    for (const [i, line] of shown.entries()) brush.fillText(line, WIDTH / 2, top + i * size * 1.3);
    return;
  }
}
