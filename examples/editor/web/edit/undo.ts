/** Undo of one's own edits in one field. Others' edits stay, and so do one's own in other fields. */
import { type LoroDoc, UndoManager } from 'loro-crdt';
import { originOf } from 'ternion/crdt/client';
import { TEXT_FIELDS } from '../../schema.ts';

/** With what `loro-prosemirror` commits. */
export const RICH_ORIGIN = 'loroSyncPlugin';
/** What is made for the editor rather than by somebody who types. */
export const SYSTEM_ORIGIN = 'sys:';
/** What the client makes anew on another life of the document. */
const CLIENT_ORIGIN = 'ternion:';

/** Call `free()` on it when its editor goes. */
export function undoOf(doc: LoroDoc, field: string): UndoManager {
  const own = TEXT_FIELDS.some((text) => text === field) ? originOf(field) : RICH_ORIGIN;
  const origins = [...TEXT_FIELDS.map(originOf), RICH_ORIGIN, SYSTEM_ORIGIN, CLIENT_ORIGIN, 'undo'];
  return new UndoManager(doc, { excludeOriginPrefixes: origins.filter((origin) => origin !== own) });
}
