/** Everything that stands still, as one mesh: trees, lamps, benches, houses and hills. */
import { type BufferGeometry, Mesh, MeshLambertMaterial } from 'three';
import { merged } from './painted.ts';
import { benches, lamps } from './furniture.ts';
import { hills, houses } from './town.ts';
import { trees } from './trees.ts';

export function createScenery(): Mesh {
  const parts: BufferGeometry[] = [...trees(), ...lamps(), ...benches(), ...houses(), ...hills()];
  const material = new MeshLambertMaterial({ vertexColors: true, flatShading: true });
  return new Mesh(merged(parts), material);
}
