/**
 * The light of a low sun. What never moves is lit, and what is far fades into the haze, once, when it is made;
 * it is then drawn without light, fog or colour conversion. On a machine without a GPU that is the difference
 * between a slide show and a film. Figures are lit as they move. Colours are those of the screen (sRGB).
 */
import {
  type BufferAttribute,
  type BufferGeometry,
  Color,
  DirectionalLight,
  Group,
  HemisphereLight,
  Vector3,
} from 'three';
import { PALETTE } from './palette.ts';

/** From the ground to the sun: south-west. */
export const SUN = new Vector3(-0.55, 0.62, 0.42).normalize();
const sun = new Color('#ffeecb').multiplyScalar(0.42);
const sky = new Color('#dbe8f2').multiplyScalar(0.74);
const ground = new Color('#cdb9a0').multiplyScalar(0.66);
/** Metres from the middle of the plaza at which the haze begins and is complete. */
const HAZE = { from: 34, to: 165 };

/** For what moves. */
export function lights(): Group {
  const directional = new DirectionalLight(sun, Math.PI);
  directional.position.copy(SUN);
  const group = new Group();
  group.add(directional, new HemisphereLight(sky, ground, Math.PI));
  return group;
}

/** What a surface that faces `normal` reflects, as a factor of its colour; the same sum as the lights above. */
export function lightOn(normal: Vector3): Color {
  const fromSun = sun.clone().multiplyScalar(Math.max(0, normal.dot(SUN)));
  return ground
    .clone()
    .lerp(sky, 0.5 + 0.5 * normal.y)
    .add(fromSun);
}

/** Multiplies the colours of a geometry without an index by the light on its faces. */
export function lit(geometry: BufferGeometry): BufferGeometry {
  geometry.computeVertexNormals();
  const normals = geometry.getAttribute('normal') as BufferAttribute;
  const colors = geometry.getAttribute('color') as BufferAttribute;
  const normal = new Vector3();
  const color = new Color();
  for (let i = 0; i < normals.count; i += 3) {
    const light = lightOn(normal.fromBufferAttribute(normals, i));
    for (let corner = i; corner < i + 3; corner++) {
      color.fromBufferAttribute(colors, corner).multiply(light);
      colors.setXYZ(corner, color.r, color.g, color.b);
    }
  }
  geometry.deleteAttribute('normal');
  return geometry;
}

/** Mixes the haze into the colours of a geometry whose origin is the middle of the plaza. */
export function hazed(geometry: BufferGeometry): BufferGeometry {
  const positions = geometry.getAttribute('position') as BufferAttribute;
  const colors = geometry.getAttribute('color') as BufferAttribute;
  const haze = new Color(PALETTE.haze);
  const color = new Color();
  for (let i = 0; i < positions.count; i++) {
    const distance = Math.hypot(positions.getX(i), positions.getY(i), positions.getZ(i));
    const share = Math.min(1, Math.max(0, (distance - HAZE.from) / (HAZE.to - HAZE.from)));
    color.fromBufferAttribute(colors, i).lerp(haze, share);
    colors.setXYZ(i, color.r, color.g, color.b);
  }
  return geometry;
}
