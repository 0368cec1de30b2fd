/** Which document: the row that it belongs to. A row has at most one. Used by server, client and both codecs. */

import { Fault } from '../../src/base/fault.ts';
import { isId } from '../../src/base/id.ts';
import type { Json } from '../../src/base/json.ts';
import { parseShape, s } from '../../src/base/shape.ts';

/** The `kind` of an `open` message for a document. */
export const DOC_CHANNEL = 'doc';

export interface DocRef {
  readonly entity: string;
  readonly id: string;
}

/** One text per document, for maps; entity names hold no slash. */
export function docKey(ref: DocRef): string {
  return `${ref.entity}/${ref.id}`;
}

const refShape = s.object({ entity: s.string(64), id: s.string(64) });

/** The params of an `open`. Throws `bad_message`. */
export function parseDocRef(params: Json): DocRef {
  const ref = parseShape(refShape, params, 'params', 'bad_message');
  if (!isId(ref.id)) throw new Fault('bad_message', 'params.id must be 1 to 64 URL-safe characters');
  return ref;
}

/** What a channel is opened with. */
export function docParams({ entity, id }: DocRef): Json {
  return { entity, id };
}
