/** Everything that stands still, as one mesh: trees, lamps, benches, houses and hills. */
import { Mesh, MeshBasicMaterial } from 'three';
import { benches, lamps } from './furniture.ts';
import { hazed, lit } from './light.ts';
import { merged } from './painted.ts';
import { hills, houses } from './town.ts';
import { trees } from './trees.ts';

export function createScenery(): Mesh {
  const parts = [...trees(), ...lamps(), ...benches(), ...houses(), ...hills()];
  return new Mesh(hazed(lit(merged(parts))), new MeshBasicMaterial({ vertexColors: true }));
}
