/** `ternion/crdt/react`: documents as hooks. */
export { useAwareness } from './use-awareness.ts';
export { useCollabText, useCollabTextarea, useTextareaRef } from './use-collab-text.ts';
export { type DocStatus, useDoc, useDocStatus, useLoroDoc } from './use-doc.ts';
export { type UndoSteps, useUndo } from './use-undo.ts';
