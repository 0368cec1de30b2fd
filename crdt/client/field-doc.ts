/**
 * One field of a document, in the shape that editor plugins for Loro ask for: a LoroDoc. Such plugins take a
 * document to be theirs alone, which a row's document is not: it has many fields, shown by many components.
 */
import type { LoroDoc, LoroEventBatch } from 'loro-crdt';
import { containerOf } from '../core/containers.ts';

/** Edits of a field by an editor are committed with this origin, so that undo can be the field's own. */
export function originOf(field: string): string {
  return `field:${field};`;
}

/**
 * The same document, as an editor of one text field may see it:
 *
 * - It hears of that field only; a batch that touches several is cut to its part.
 * - What it has not committed itself is an `import` to it: edits by other components, and undo.
 *
 * Made for `LoroSyncPlugin` of `loro-codemirror`; one per editor.
 */
export function docOfField(doc: LoroDoc, field: string): LoroDoc {
  const { id } = doc.getText(containerOf(field));
  const origin = originOf(field);
  let committing = false;
  const view: LoroDoc = Object.create(doc);
  view.commit = (options) => {
    committing = true;
    try {
      doc.commit({ ...options, origin }); // tells those who listen before it returns
    } finally {
      committing = false;
    }
  };
  view.subscribe = (listener: (batch: LoroEventBatch) => void) =>
    doc.subscribe((batch) => {
      const events = batch.events.filter(({ target }) => target === id);
      if (events.length > 0) listener({ ...batch, events, by: committing ? 'local' : 'import' });
    });
  return view;
}
