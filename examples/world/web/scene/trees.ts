/** Six trees on the plaza and a loose ring of them around it. */
import {
  type BufferGeometry,
  CylinderGeometry,
  DodecahedronGeometry,
  IcosahedronGeometry,
  Matrix4,
} from 'three';
import { PLAZA_RADIUS, TREES } from '../../layout.ts';
import { type Chance, chance } from './chance.ts';
import { painted } from './painted.ts';
import { PALETTE } from './palette.ts';

export function trees(): BufferGeometry[] {
  const random = chance(3);
  const parts = TREES.flatMap(({ x, z }) => tree(random, { x, z, size: random(1.05, 1.2) }));
  for (let i = 0; i < 34; i++) {
    const angle = (i / 34) * Math.PI * 2 + random(-0.06, 0.06);
    if (isOnPath(angle)) continue;
    const distance = PLAZA_RADIUS + random(3, 8);
    const size = random(0.75, 1.3);
    parts.push(...tree(random, { x: Math.sin(angle) * distance, z: Math.cos(angle) * distance, size }));
  }
  return parts;
}

function isOnPath(angle: number): boolean {
  const quarter = Math.PI / 2;
  const off = Math.abs(((angle + quarter) % quarter) - quarter / 2);
  return off < 0.12;
}

function tree(random: Chance, { x, z, size }: { x: number; z: number; size: number }): BufferGeometry[] {
  const at = (px: number, py: number, pz: number, scale: number, squash = 1) =>
    new Matrix4()
      .makeTranslation(x + px * size, py * size, z + pz * size)
      .multiply(new Matrix4().makeRotationY(random(0, 6)))
      .multiply(new Matrix4().makeScale(scale * size, scale * size * squash, scale * size));
  const color = PALETTE.crowns[Math.floor(random(0, PALETTE.crowns.length))]!;
  const trunk = new CylinderGeometry(0.16, 0.28, 2.4, 6, 1, true);
  const crown = new IcosahedronGeometry(1, 1);
  const tuft = new DodecahedronGeometry(1, 0);
  return [
    painted(trunk, PALETTE.woodDark, at(0, 1.2, 0, 1)),
    painted(crown, color, at(0, 3.3, 0, 1.75, 0.95)),
    painted(tuft, color, at(random(0.5, 0.9), 2.8, random(-0.6, 0.6), 1.15)),
    painted(tuft, color, at(random(-0.9, -0.5), 3, random(-0.6, 0.6), 1.2)),
    painted(tuft, color, at(random(-0.3, 0.3), 4.4, random(-0.3, 0.3), 1.15)),
  ];
}
