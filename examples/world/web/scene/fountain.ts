/** The fountain: stone turned on a lathe, three sheets of water, and drops that fall in arcs. */
import {
  BufferAttribute,
  BufferGeometry,
  CircleGeometry,
  Group,
  LatheGeometry,
  Mesh,
  MeshBasicMaterial,
  Points,
  PointsMaterial,
  Vector2,
} from 'three';
import { chance } from './chance.ts';
import { softDot } from './furniture.ts';
import { lit } from './light.ts';
import { painted } from './painted.ts';
import { PALETTE } from './palette.ts';

const DROPS = 260;
const GRAVITY = 9.8;

const BASIN = [
  [3.2, 0],
  [3.45, 0],
  [3.45, 0.22],
  [3.3, 0.3],
  [3.36, 0.72],
  [3.46, 0.8],
  [3.1, 0.84],
  [3.02, 0.5],
  [0.7, 0.4],
  [0.5, 0.75],
  [0.34, 1.5],
  [0.42, 1.66],
  [1.5, 1.98],
  [1.62, 2.12],
  [1.5, 2.16],
  [0.3, 1.98],
  [0.2, 2.5],
  [0.26, 2.62],
  [0.7, 2.82],
  [0.72, 2.9],
  [0.1, 2.86],
  [0, 2.95],
] as const;

export interface Fountain {
  readonly group: Group;
  animate(seconds: number): void;
}

export function createFountain(): Fountain {
  const profile = BASIN.map(([radius, height]) => new Vector2(radius, height));
  const stone = new Mesh(
    lit(painted(new LatheGeometry(profile, 28), PALETTE.fountain)),
    new MeshBasicMaterial({ vertexColors: true }),
  );
  const water = new MeshBasicMaterial({ color: PALETTE.water, transparent: true, opacity: 0.86 });
  const sheets = [
    [3.08, 0.66],
    [1.45, 2.1],
    [0.62, 2.87],
  ].map(([radius, height]) => {
    const sheet = new Mesh(new CircleGeometry(radius, 28).rotateX(-Math.PI / 2), water);
    sheet.position.y = height!;
    return sheet;
  });
  const drops = createDrops();
  const group = new Group();
  group.add(stone, ...sheets, drops.points);
  return {
    group,
    animate(seconds) {
      for (const [i, sheet] of sheets.entries()) {
        sheet.scale.setScalar(1 + Math.sin(seconds * 2.2 + i * 2) * 0.006);
      }
      drops.animate(seconds);
    },
  };
}

interface Drop {
  readonly angle: number;
  /** Where it leaves, m above the ground, and where it lands. */
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly outward: number;
  readonly upward: number;
  readonly offset: number;
}

function createDrops() {
  const random = chance(17);
  const drops: Drop[] = Array.from({ length: DROPS }, (_, i) => {
    const kind = i % 3;
    const jitter = random(0.92, 1.08);
    const jet = { from: 2.9, to: 0.68, start: 0.03, outward: 1.15 * jitter, upward: 3.6 * jitter };
    const high = { from: 2.88, to: 2.12, start: 0.7, outward: 0.75 * jitter, upward: 0.3 };
    const low = { from: 2.12, to: 0.68, start: 1.6, outward: 0.85 * jitter, upward: 0.35 };
    const spout = (Math.floor(random(0, 12)) / 12) * Math.PI * 2;
    const angle = kind === 0 ? spout + random(-0.05, 0.05) : random(0, Math.PI * 2);
    return { ...[jet, high, low][kind]!, angle, offset: random(0, 10) };
  });
  const places = new Float32Array(DROPS * 3);
  const geometry = new BufferGeometry();
  const position = new BufferAttribute(places, 3);
  geometry.setAttribute('position', position);
  const points = new Points(
    geometry,
    new PointsMaterial({
      map: softDot(),
      color: '#e9f7ff',
      size: 0.17,
      transparent: true,
      opacity: 0.9,
      depthWrite: false,
    }),
  );
  points.frustumCulled = false;
  const animate = (seconds: number) => {
    for (const [i, drop] of drops.entries()) {
      const { upward, from, to } = drop;
      const flight = (upward + Math.sqrt(upward * upward + 2 * GRAVITY * (from - to))) / GRAVITY;
      const time = (seconds + drop.offset) % flight;
      const distance = drop.start + drop.outward * time;
      places[i * 3] = Math.sin(drop.angle) * distance;
      places[i * 3 + 1] = from + upward * time - (GRAVITY / 2) * time * time;
      places[i * 3 + 2] = Math.cos(drop.angle) * distance;
    }
    position.needsUpdate = true;
  };
  return { points, animate };
}
