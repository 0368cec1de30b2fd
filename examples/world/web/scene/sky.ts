/** A dome with a gradient and the sun's glow, and a few clouds that drift around it. */
import {
  BackSide,
  Color,
  Group,
  IcosahedronGeometry,
  Matrix4,
  Mesh,
  MeshBasicMaterial,
  ShaderMaterial,
  SphereGeometry,
} from 'three';
import { chance } from './chance.ts';
import { lit, SUN } from './light.ts';
import { merged, painted } from './painted.ts';
import { PALETTE } from './palette.ts';

const VERTEX = `
  varying vec3 direction;
  void main() {
    direction = normalize(position);
    gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
  }`;
const FRAGMENT = `
  uniform vec3 zenith, sky, horizon, sunColor, sunDirection;
  varying vec3 direction;
  void main() {
    float height = max(direction.y, 0.0);
    vec3 color = mix(horizon, sky, smoothstep(0.0, 0.22, height));
    color = mix(color, zenith, smoothstep(0.15, 0.85, height));
    float toSun = max(dot(normalize(direction), sunDirection), 0.0);
    color = mix(color, sunColor, 0.55 * pow(toSun, 8.0));
    color = mix(color, vec3(1.0), smoothstep(0.9975, 0.9988, toSun));
    gl_FragColor = vec4(color, 1.0);
  }`;

export interface Sky {
  readonly group: Group;
  animate(seconds: number): void;
}

export function createSky(): Sky {
  const color = (value: string) => ({ value: new Color(value) });
  const dome = new Mesh(
    new SphereGeometry(180, 24, 12),
    new ShaderMaterial({
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      side: BackSide,
      depthWrite: false,
      uniforms: {
        zenith: color(PALETTE.zenith),
        sky: color(PALETTE.sky),
        horizon: color(PALETTE.horizon),
        sunColor: color(PALETTE.sun),
        sunDirection: { value: SUN },
      },
    }),
  );
  dome.renderOrder = 1; // behind all that is drawn before, so that only its visible part is computed
  const clouds = createClouds();
  const group = new Group();
  group.add(dome, clouds);
  const animate = (seconds: number) => {
    clouds.rotation.y = seconds * 0.004;
  };
  return { group, animate };
}

function createClouds(): Mesh {
  const random = chance(11);
  const puff = new IcosahedronGeometry(1, 1);
  const parts = [];
  for (let cloud = 0; cloud < 9; cloud++) {
    const angle = (cloud / 9) * Math.PI * 2 + random(-0.2, 0.2);
    const [distance, height, size] = [random(110, 150), random(34, 62), random(4, 7)];
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
  const material = new MeshBasicMaterial({ vertexColors: true });
  const clouds = new Mesh(lit(merged(parts)), material);
  clouds.renderOrder = 1;
  return clouds;
}
