/** A dome with a gradient and the sun's glow in its vertices, the sun, and a few clouds that drift around it. */
import {
  BackSide,
  BufferAttribute,
  CircleGeometry,
  Color,
  DodecahedronGeometry,
  Group,
  Matrix4,
  Mesh,
  MeshBasicMaterial,
  SphereGeometry,
  Vector3,
} from 'three';
import { chance } from './chance.ts';
import { lit, SUN } from './light.ts';
import { merged, painted } from './painted.ts';
import { PALETTE } from './palette.ts';

const RADIUS = 180;

export interface Sky {
  readonly group: Group;
  animate(seconds: number): void;
}

export function createSky(): Sky {
  const clouds = createClouds();
  const group = new Group();
  group.add(createDome(), createSun(), clouds);
  // Behind all that is drawn before, so that only what is seen of the sky is computed.
  for (const [i, part] of group.children.entries()) part.renderOrder = 1 + i;
  const animate = (seconds: number) => {
    clouds.rotation.y = seconds * 0.004;
  };
  return { group, animate };
}

function createDome(): Mesh {
  const dome = new SphereGeometry(RADIUS, 32, 20, 0, Math.PI * 2, 0, Math.PI * 0.56);
  const position = dome.getAttribute('position');
  const colors = new Float32Array(position.count * 3);
  const [zenith, sky, horizon, glow] = [PALETTE.zenith, PALETTE.sky, PALETTE.horizon, PALETTE.sun].map(
    (value) => new Color(value),
  );
  const direction = new Vector3();
  const color = new Color();
  for (let i = 0; i < position.count; i++) {
    direction.fromBufferAttribute(position as BufferAttribute, i).normalize();
    const height = Math.max(0, direction.y);
    color
      .copy(horizon!)
      .lerp(sky!, smooth(0, 0.24, height))
      .lerp(zenith!, smooth(0.18, 0.9, height));
    color.lerp(glow!, 0.6 * Math.max(0, direction.dot(SUN)) ** 10).toArray(colors, i * 3);
  }
  dome.setAttribute('color', new BufferAttribute(colors, 3));
  return new Mesh(dome, new MeshBasicMaterial({ vertexColors: true, side: BackSide }));
}

function createSun(): Mesh {
  const sun = new Mesh(new CircleGeometry(8, 24), new MeshBasicMaterial({ color: '#fffaf0' }));
  sun.position.copy(SUN).multiplyScalar(RADIUS - 4);
  sun.lookAt(0, 0, 0);
  return sun;
}

function createClouds(): Mesh {
  const random = chance(11);
  const puff = new DodecahedronGeometry(1, 0);
  const parts = [];
  for (let cloud = 0; cloud < 8; cloud++) {
    const angle = (cloud / 8) * Math.PI * 2 + random(-0.2, 0.2);
    const [distance, height, size] = [random(105, 135), random(34, 62), random(4, 7)];
    for (let i = 0; i < 5; i++) {
      const along = (i - 2) * size * 0.9;
      const scale = size * (1.15 - Math.abs(i - 2) * 0.28) * random(0.85, 1.1);
      const at = new Matrix4()
        .makeRotationY(angle)
        .multiply(new Matrix4().makeTranslation(along, height + random(0, 1), -distance))
        .multiply(new Matrix4().makeScale(scale * 1.3, scale * 0.6, scale));
      parts.push(painted(puff, '#ffffff', at));
    }
  }
  // Brighter than the light alone: clouds are lit from within too.
  const color = new Color(1.35, 1.35, 1.35);
  return new Mesh(lit(merged(parts)), new MeshBasicMaterial({ vertexColors: true, color }));
}

function smooth(from: number, to: number, value: number): number {
  const share = Math.min(1, Math.max(0, (value - from) / (to - from)));
  return share * share * (3 - 2 * share);
}
