/** `v`: shapes for the arguments and results of functions. */
import { type InferFields, type Infer as InferShape, s } from '../base/shape.ts';

/** Most rows of one page. */
export const MAX_PAGE_ROWS = 1000;
/** Longest cursor, in characters. It holds the values that the page is ordered by. */
export const MAX_CURSOR_CHARS = 8192;

export const v = {
  ...s,
  /** The id of a row of an entity. The name is documentation and part of the function's description. */
  id: (_entity: string) => s.string(64),
  /**
   * What `paginate` takes: `cursor` is null for the first page, then that of the page before. `until` pins the
   * end of a page at the cursor of the next one.
   */
  pagination: () =>
    s.object({
      cursor: s.nullable(s.string(MAX_CURSOR_CHARS)),
      size: s.int(1, MAX_PAGE_ROWS),
      until: s.optional(s.string(MAX_CURSOR_CHARS)),
    }),
};

export type Infer<S> = InferShape<S>;
export type { InferFields };
