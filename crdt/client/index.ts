/** `ternion/crdt/client`: documents in a browser. */
export type { TextPlace } from './cursor.ts';
export { DocHandle } from './doc-handle.ts';
export type { DocState } from './doc-state.ts';
export { openDoc, openDocWith } from './open-doc.ts';
export { DEFAULT_DOC, type DocOptions } from './options.ts';
export { type Presence, PresenceHandle } from './presence-handle.ts';
export { TextView } from './text-view.ts';
export { bindTextarea, type TextareaLike } from './textarea.ts';
export { UndoHandle } from './undo-handle.ts';
