/**
 * `c`: the kinds of components, for entities and inputs. All are quantized: the simulation holds what the
 * wire can say, so server, browsers and recordings compute with the same numbers to the last bit. [T1]
 */
import { optional, struct, vec2, vec3 } from './compound-components.ts';
import { quaternion } from './quaternion-component.ts';
import { angle, bool, entityId, int, oneOf, scalar, uint } from './scalar-components.ts';
import { json, string } from './text-components.ts';

export const c = {
  int,
  uint,
  bool,
  enum: oneOf,
  scalar,
  vec2,
  vec3,
  angle,
  quaternion,
  entityId,
  string,
  json,
  struct,
  optional,
};
