/** Keeps an editor on the document that a handle stands for. */
import type { LoroDoc } from 'loro-crdt';
import type { Cancel } from '../../src/base/env.ts';
import type { DocHandle } from './doc-handle.ts';

/** Builds an editor on a document and returns what takes it down. */
export type Mount = (doc: LoroDoc, editable: boolean) => Cancel;

/**
 * Mounts now, and anew when the handle has another document (edits were refused, the identity changed) or
 * may be edited where it could not, or the other way round. The returned function takes the editor down.
 */
export function mountOnDoc(handle: Pick<DocHandle, 'doc' | 'editable' | 'subscribe'>, mount: Mount): Cancel {
  let { doc, editable } = handle;
  let unmount = mount(doc, editable);
  const off = handle.subscribe(() => {
    if (handle.doc === doc && handle.editable === editable) return;
    unmount();
    ({ doc, editable } = handle);
    unmount = mount(doc, editable);
  });
  return () => {
    off();
    unmount();
  };
}
