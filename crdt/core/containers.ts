/**
 * Where a field lives in its row's document: a root container of the field's own name. Roots exist without
 * being made, so two peers that first write at once share one (a child made by both would lose a side).
 */
import type { LoroDoc, LoroText } from 'loro-crdt';

/** The name of the field's root container. */
export function containerOf(field: string): string {
  return field;
}

/** The container of a richtext field. Hold it no longer than its document: it keeps WASM memory alive. */
export function textOf(doc: LoroDoc, field: string): LoroText {
  return doc.getText(containerOf(field));
}
