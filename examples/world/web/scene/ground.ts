/**
 * The ground, painted on a canvas: paving in rings around the fountain, grass around it, and the soft
 * shadows of everything that never moves, so that no light has to cast them each frame.
 */
import {
  BufferAttribute,
  CanvasTexture,
  LinearMipmapNearestFilter,
  Mesh,
  MeshBasicMaterial,
  RingGeometry,
  Vector3,
} from 'three';
import { BENCHES, FOUNTAIN, LAMPS, PLAZA_RADIUS, SIGN, TREES } from '../../layout.ts';
import { type Chance, chance } from './chance.ts';
import { hazed, lightOn } from './light.ts';
import { PALETTE } from './palette.ts';

/** Metres from the middle to the edge of the painted square. */
const REACH = 48;
const SIZE = 2048;
const SCALE = SIZE / (2 * REACH);
/** Where shadows fall, per metre of height; the sun stands in the south-west. */
const SHADOW = { x: 0.55, z: -0.42 };

type Brush = CanvasRenderingContext2D;

export function createGround(isCoarse: boolean): Mesh {
  const canvas = document.createElement('canvas');
  canvas.width = SIZE;
  canvas.height = SIZE;
  const brush = canvas.getContext('2d');
  if (!brush) throw new Error('no 2D canvas');
  brush.setTransform(SCALE, 0, 0, SCALE, SIZE / 2, SIZE / 2);
  const random = chance(5);
  paintGrass(brush, random);
  paintPaths(brush);
  paintPaving(brush, random);
  paintShadows(brush);

  const texture = new CanvasTexture(canvas);
  texture.anisotropy = isCoarse ? 1 : 4;
  if (isCoarse) texture.minFilter = LinearMipmapNearestFilter;
  return new Mesh(createDisc(), new MeshBasicMaterial({ map: texture, vertexColors: true }));
}

/** Lies flat and has its texture in metres; beyond the painted square the grass of its border goes on. */
function createDisc(): RingGeometry {
  const disc = new RingGeometry(0, 150, 48, 12).rotateX(-Math.PI / 2);
  const position = disc.getAttribute('position');
  const uv = disc.getAttribute('uv');
  const colors = new Float32Array(position.count * 3);
  const light = lightOn(new Vector3(0, 1, 0));
  for (let i = 0; i < position.count; i++) {
    uv.setXY(i, 0.5 + position.getX(i) / (2 * REACH), 0.5 - position.getZ(i) / (2 * REACH));
    light.toArray(colors, i * 3);
  }
  disc.setAttribute('color', new BufferAttribute(colors, 3));
  hazed(disc);
  return disc;
}

function paintGrass(brush: Brush, random: Chance): void {
  brush.fillStyle = PALETTE.grass;
  brush.fillRect(-REACH, -REACH, 2 * REACH, 2 * REACH);
  for (let i = 0; i < 2600; i++) {
    const distance = PLAZA_RADIUS + random() * (REACH - PLAZA_RADIUS - 3);
    const angle = random(0, Math.PI * 2);
    brush.fillStyle = random() < 0.6 ? PALETTE.grassDark : '#a3bd70';
    brush.globalAlpha = random(0.08, 0.3);
    blot(brush, Math.sin(angle) * distance, Math.cos(angle) * distance, random(0.2, 1.1));
  }
  brush.globalAlpha = 1;
}

function paintPaths(brush: Brush): void {
  brush.lineCap = 'butt';
  for (let i = 0; i < 4; i++) {
    const angle = Math.PI / 4 + (i * Math.PI) / 2;
    const [x, z] = [Math.sin(angle), Math.cos(angle)];
    for (const [width, color] of [
      [4.6, PALETTE.stoneDark],
      [4.2, PALETTE.stone],
    ] as const) {
      brush.strokeStyle = color;
      brush.lineWidth = width;
      brush.beginPath();
      brush.moveTo(x * (PLAZA_RADIUS - 1), z * (PLAZA_RADIUS - 1));
      brush.lineTo(x * 44, z * 44);
      brush.stroke();
    }
  }
}

function paintPaving(brush: Brush, random: Chance): void {
  brush.fillStyle = PALETTE.stoneDark;
  blot(brush, 0, 0, PLAZA_RADIUS + 0.9);
  brush.fillStyle = '#c5b499';
  blot(brush, 0, 0, PLAZA_RADIUS + 0.6);
  const accents = new Set([5, 6, 14, 21]);
  const rings = 25;
  for (let ring = 3; ring < rings; ring++) {
    const inner = ring * (PLAZA_RADIUS / rings) + 0.04;
    const outer = (ring + 1) * (PLAZA_RADIUS / rings) - 0.02;
    const stones = Math.round(((inner + outer) * Math.PI) / 1.5);
    const turn = random(0, 1);
    for (let i = 0; i < stones; i++) {
      const from = ((i + turn) / stones) * Math.PI * 2;
      const to = ((i + 1 + turn) / stones) * Math.PI * 2 - 0.05 / inner;
      const light = accents.has(ring) ? random(50, 57) : random(76, 84);
      brush.fillStyle = `hsl(${random(30, 38)} ${accents.has(ring) ? 24 : 32}% ${light}%)`;
      brush.beginPath();
      brush.arc(0, 0, outer, from, to);
      brush.arc(0, 0, inner, to, from, true);
      brush.fill();
    }
  }
}

function paintShadows(brush: Brush): void {
  shadow(brush, FOUNTAIN.x, FOUNTAIN.z, { radius: 3.9, height: 0.9, alpha: 0.4 });
  for (const { x, z } of TREES) shadow(brush, x, z, { radius: 2.3, height: 4, alpha: 0.42 });
  for (const { x, z } of LAMPS) shadow(brush, x, z, { radius: 0.45, height: 1.2, alpha: 0.35 });
  for (const { x, z } of BENCHES) shadow(brush, x, z, { radius: 1.3, height: 0.5, alpha: 0.35 });
  shadow(brush, SIGN.x, SIGN.z, { radius: 2.1, height: 1.6, alpha: 0.38 });
}

function shadow(brush: Brush, x: number, z: number, of: { radius: number; height: number; alpha: number }) {
  const steps = 6;
  for (let i = 0; i < steps; i++) {
    const along = (i / (steps - 1)) * of.height;
    const [sx, sz] = [x + SHADOW.x * along, z + SHADOW.z * along];
    const soft = brush.createRadialGradient(sx, sz, 0, sx, sz, of.radius);
    soft.addColorStop(0, `rgb(70 50 60 / ${of.alpha / 2})`);
    soft.addColorStop(0.55, `rgb(70 50 60 / ${of.alpha / 3})`);
    soft.addColorStop(1, 'rgb(70 50 60 / 0)');
    brush.fillStyle = soft;
    blot(brush, sx, sz, of.radius);
  }
}

function blot(brush: Brush, x: number, z: number, radius: number): void {
  brush.beginPath();
  brush.arc(x, z, radius, 0, Math.PI * 2);
  brush.fill();
}
