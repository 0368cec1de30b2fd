/** Scenery is geometry with a colour per vertex, merged so that all of it is drawn in one call. */
import { BufferAttribute, type BufferGeometry, Color, type Matrix4 } from 'three';
import { mergeGeometries } from 'three/examples/jsm/utils/BufferGeometryUtils.js';

/** A copy without an index and without texture coordinates, in one colour. */
export function painted(geometry: BufferGeometry, color: string, at?: Matrix4): BufferGeometry {
  const copy = geometry.index ? geometry.toNonIndexed() : geometry.clone();
  copy.deleteAttribute('uv');
  if (at) copy.applyMatrix4(at);
  const count = copy.getAttribute('position').count;
  const { r, g, b } = new Color(color);
  const colors = new Float32Array(count * 3);
  for (let i = 0; i < count; i++) colors.set([r, g, b], i * 3);
  copy.setAttribute('color', new BufferAttribute(colors, 3));
  return copy;
}

export function merged(parts: readonly BufferGeometry[]): BufferGeometry {
  const all = mergeGeometries([...parts]);
  for (const part of parts) part.dispose();
  return all;
}
