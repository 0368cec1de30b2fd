/** Houses around the plaza and hills behind them. */
import {
  BoxGeometry,
  type BufferGeometry,
  CylinderGeometry,
  Matrix4,
  PlaneGeometry,
  SphereGeometry,
} from 'three';
import { type Chance, chance } from './chance.ts';
import { painted } from './painted.ts';
import { PALETTE } from './palette.ts';

const DISTANCE = 41;

export function houses(): BufferGeometry[] {
  const random = chance(8);
  const parts: BufferGeometry[] = [];
  for (let i = 0; i < 24; i++) {
    if (i % 6 === 3) continue; // the four paths leave between houses
    const angle = (i / 24) * Math.PI * 2;
    const distance = DISTANCE + random(-0.5, 2.5);
    const at = new Matrix4()
      .makeTranslation(Math.sin(angle) * distance, 0, Math.cos(angle) * distance)
      .multiply(new Matrix4().makeRotationY(angle + Math.PI));
    for (const part of house(random)) parts.push(part.applyMatrix4(at));
  }
  return parts;
}

/** Faces its own +z. */
function house(random: Chance): BufferGeometry[] {
  const [width, depth, floors] = [random(7.5, 9.8), 7, Math.floor(random(2, 4.4))];
  const height = floors * 2.5 + 0.7;
  const wall = pick(random, PALETTE.walls);
  const parts = [
    painted(new BoxGeometry(width, height, depth), wall, moved(0, height / 2, 0)),
    painted(new BoxGeometry(width + 0.5, 0.25, depth + 0.5), PALETTE.stoneLight, moved(0, height, 0)),
    painted(
      roof(width + 0.7, depth + 0.7, random(2.2, 3.4)),
      pick(random, PALETTE.roofs),
      moved(0, height, 0),
    ),
    painted(new BoxGeometry(1.3, 2.1, 0.2), PALETTE.woodDark, moved(0, 1.05, depth / 2)),
    painted(new BoxGeometry(0.8, 1.8, 0.8), PALETTE.stoneDark, moved(width / 4, height + 1.9, -1)),
  ];
  const columns = width > 8.6 ? [-0.36, -0.13, 0.13, 0.36] : [-0.32, 0, 0.32];
  for (let floor = 0; floor < floors; floor++) {
    for (const column of columns) {
      if (floor === 0 && Math.abs(column) < 0.2) continue;
      const [x, y] = [column * width, 1.5 + floor * 2.5];
      const pane = random() < 0.3 ? '#ffdf9e' : '#5b6f86';
      parts.push(painted(new PlaneGeometry(1.2, 1.6), PALETTE.stoneLight, moved(x, y, depth / 2 + 0.05)));
      parts.push(painted(new PlaneGeometry(0.95, 1.35), pane, moved(x, y, depth / 2 + 0.12)));
    }
  }
  return parts;
}

/** A prism with its ridge along x: a cylinder of three sides, laid down and stretched. */
function roof(width: number, depth: number, height: number): BufferGeometry {
  return new CylinderGeometry(1, 1, 1, 3, 1)
    .rotateY(Math.PI / 2)
    .rotateZ(Math.PI / 2)
    .applyMatrix4(fitted(width, depth, height));
}

/** The triangle has a side of sqrt(3) and a height of 1.5, with its middle at the third of it. */
function fitted(width: number, depth: number, height: number): Matrix4 {
  return new Matrix4()
    .makeScale(width, height / 1.5, depth / Math.sqrt(3))
    .multiply(new Matrix4().makeTranslation(0, 0.5, 0));
}

export function hills(): BufferGeometry[] {
  const random = chance(21);
  const parts: BufferGeometry[] = [];
  for (let i = 0; i < 18; i++) {
    const angle = (i / 18) * Math.PI * 2 + random(-0.1, 0.1);
    const distance = random(95, 125);
    const size = new Matrix4()
      .makeTranslation(Math.sin(angle) * distance, -3, Math.cos(angle) * distance)
      .multiply(new Matrix4().makeRotationY(random(0, 3)))
      .multiply(new Matrix4().makeScale(random(24, 38), random(12, 24), random(24, 38)));
    const hill = new SphereGeometry(1, 9, 5, 0, Math.PI * 2, 0, Math.PI / 2);
    parts.push(painted(hill, i % 2 ? '#86a276' : '#93ab7c', size));
  }
  return parts;
}

function moved(x: number, y: number, z: number): Matrix4 {
  return new Matrix4().makeTranslation(x, y, z);
}

function pick(random: Chance, from: readonly string[]): string {
  return from[Math.floor(random(0, from.length))]!;
}
