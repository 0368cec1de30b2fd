/**
 * Rows read on a server and put into the page that it renders: get-server-data.ts makes them, `engine.hydrate`
 * shows them. They are of one moment and one identity, and say so. [S6] [S8]
 */
import { type Infer, parseShape, s } from '../base/shape.ts';
import { cursorShape } from '../protocol/row-batch.ts';
import { sessionInfo } from '../protocol/server-message.ts';

export const serverData = s.object({
  /** Whose rows they are. */
  session: sessionInfo,
  /** A hash of the token that they were read with: a page with the same one may show them at once. */
  token: s.string(64),
  cursor: cursorShape,
  /** All that a replica holds: the engine goes on from the cursor. Else it makes a copy of its own. */
  whole: s.bool(),
  rows: s.array(s.object({ entity: s.string(64), id: s.string(64), data: s.jsonObject() })),
});
/** JSON-safe; `serializeServerData` makes it a text for a page. */
export type ServerData = Infer<typeof serverData>;

/** Text for a `<script type="application/json">`, or for any script: it ends no element. */
export function serializeServerData(data: ServerData): string {
  return JSON.stringify(data)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}

/** Throws Fault `invalid` for what is no server data. */
export function parseServerData(value: unknown): ServerData {
  return parseShape(serverData, value, 'server data');
}
