/**
 * `c`: the kinds of components, for entities and inputs. All are quantized: the simulation holds what the
 * wire can say, so server, browsers and recordings compute with the same numbers to the last bit. [T1]
 */
import { optional, struct, vec2, vec3 } from './compound-components.ts';
import { angle, bool, int, oneOf, scalar, string, uint } from './scalar-components.ts';

export const c = { int, uint, bool, enum: oneOf, scalar, vec2, vec3, angle, string, struct, optional };
