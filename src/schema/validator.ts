/** `v`: shapes for the arguments and results of functions. */
import { type InferFields, type Infer as InferShape, s } from '../base/shape.ts';

export const v = {
  ...s,
  /** The id of a row of an entity. The name is documentation and part of the function's description. */
  id: (_entity: string) => s.string(64),
};

export type Infer<S> = InferShape<S>;
export type { InferFields };
