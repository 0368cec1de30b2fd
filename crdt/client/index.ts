/** `ternion/crdt/client`: documents in a browser. */
export type { DocChange, HistoryPage, NamedVersion, PageWish } from '../core/history.ts';
export { placeIn, placeOf, type TextPlace } from './cursor.ts';
export { DocHandle } from './doc-handle.ts';
export { DocHistory } from './doc-history.ts';
export type { DocState } from './doc-state.ts';
export { type CursorRange, type FieldCursor, FieldCursors } from './field-cursors.ts';
export { docOfField, originOf } from './field-doc.ts';
export { type Mount, mountOnDoc } from './mount-on-doc.ts';
export { openDoc, openDocWith } from './open-doc.ts';
export { DEFAULT_DOC, type DocOptions } from './options.ts';
export { type Presence, PresenceHandle } from './presence-handle.ts';
export { TextView } from './text-view.ts';
export { bindTextarea, type TextareaLike } from './textarea.ts';
export { UndoHandle } from './undo-handle.ts';
