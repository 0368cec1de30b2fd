/** Lamps and benches. The glow of the lamps is one cloud of points. */
import {
  AdditiveBlending,
  BoxGeometry,
  BufferAttribute,
  BufferGeometry,
  CanvasTexture,
  CylinderGeometry,
  Matrix4,
  Points,
  PointsMaterial,
  SphereGeometry,
} from 'three';
import { BENCHES, LAMPS } from '../../layout.ts';
import { painted } from './painted.ts';
import { PALETTE } from './palette.ts';

const LAMP_HEIGHT = 3.3;

export function lamps(): BufferGeometry[] {
  const parts = [
    painted(new CylinderGeometry(0.18, 0.24, 0.3, 8), PALETTE.iron, up(0.15)),
    painted(new CylinderGeometry(0.055, 0.075, LAMP_HEIGHT, 6), PALETTE.iron, up(LAMP_HEIGHT / 2)),
    painted(new SphereGeometry(0.24, 8, 6), PALETTE.lamp, up(LAMP_HEIGHT)),
    painted(new CylinderGeometry(0.05, 0.24, 0.16, 8), PALETTE.iron, up(LAMP_HEIGHT + 0.26)),
  ];
  return LAMPS.flatMap(({ x, z }) =>
    parts.map((part) => part.clone().applyMatrix4(new Matrix4().makeTranslation(x, 0, z))),
  );
}

export function benches(): BufferGeometry[] {
  const plank = new BoxGeometry(2, 0.07, 0.16);
  const leg = new BoxGeometry(0.1, 0.44, 0.5);
  const parts = [
    ...[-0.18, 0, 0.18].map((z) => painted(plank, PALETTE.wood, new Matrix4().makeTranslation(0, 0.46, z))),
    ...[0.66, 0.86].map((y) => painted(plank, PALETTE.wood, new Matrix4().makeTranslation(0, y, -0.27))),
    ...[-0.8, 0.8].map((x) => painted(leg, PALETTE.iron, new Matrix4().makeTranslation(x, 0.22, 0))),
  ];
  return BENCHES.flatMap(({ x, z }) => {
    const at = new Matrix4()
      .makeTranslation(x, 0, z)
      .multiply(new Matrix4().makeRotationY(Math.atan2(-x, -z)));
    return parts.map((part) => part.clone().applyMatrix4(at));
  });
}

export function createLampGlow(): Points {
  const places = LAMPS.flatMap(({ x, z }) => [x, LAMP_HEIGHT, z]);
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new BufferAttribute(new Float32Array(places), 3));
  const material = new PointsMaterial({
    map: softDot(),
    color: PALETTE.lamp,
    size: 2.2,
    opacity: 0.65,
    transparent: true,
    depthWrite: false,
    blending: AdditiveBlending,
  });
  return new Points(geometry, material);
}

/** White in the middle, nothing at the edge. */
export function softDot(): CanvasTexture {
  const canvas = document.createElement('canvas');
  canvas.width = 64;
  canvas.height = 64;
  const brush = canvas.getContext('2d')!;
  const soft = brush.createRadialGradient(32, 32, 0, 32, 32, 32);
  soft.addColorStop(0, 'rgb(255 255 255 / 1)');
  soft.addColorStop(0.35, 'rgb(255 255 255 / 0.35)');
  soft.addColorStop(1, 'rgb(255 255 255 / 0)');
  brush.fillStyle = soft;
  brush.fillRect(0, 0, 64, 64);
  return new CanvasTexture(canvas);
}

function up(y: number): Matrix4 {
  return new Matrix4().makeTranslation(0, y, 0);
}
