/**
 * Keeps a ProseMirror editor and a map field equal. Nodes and marks are mapped by `loro-prosemirror`; when to
 * read and when to write is decided here, because its own plugin takes the document to be the editor's alone:
 *
 * - Reading never writes. Two pages that open an empty document, or take the same edits, would both write
 *   what ProseMirror makes of it, and all would have it twice.
 * - What every page makes for itself is the same container on all of them (`ensureMergeable...`).
 * - An empty paragraph gets its text at once, so that two who begin to type in it share that text.
 * - Others' edits are applied as the smallest change, so that the caret stays and an IME goes on.
 */
import {
  type Cursor,
  isContainer,
  type LoroDoc,
  type LoroEventBatch,
  LoroList,
  LoroMap,
  LoroText,
} from 'loro-crdt';
import {
  ATTRIBUTES_KEY,
  CHILDREN_KEY,
  createNodeFromLoroObj,
  type LoroDocType,
  type LoroNode,
  type LoroNodeMapping,
  NODE_NAME_KEY,
  updateLoroToPmState,
} from 'loro-prosemirror';
import type { Node, Schema } from 'prosemirror-model';
import { type EditorState, Plugin, TextSelection, type Transaction } from 'prosemirror-state';
import type { EditorView } from 'prosemirror-view';
import { childrenOf, letterBefore, positionBehind } from './rich-places.ts';
import { SYSTEM_ORIGIN } from './undo.ts';

/** What the field holds now. */
export function readRich(
  doc: LoroDoc,
  field: string,
  schema: Schema,
  mapping: LoroNodeMapping = new Map(),
): Node {
  const map = doc.getMap(field);
  const isBegun = map.get(NODE_NAME_KEY) !== undefined && childrenOf(map).length > 0;
  const node = isBegun ? createNodeFromLoroObj(schema, map as unknown as LoroNode, mapping) : null;
  return node ?? schema.topNodeType.createAndFill()!;
}

/** The plugin. The editor must start with what `readRich` returns. */
export function richSync(doc: LoroDoc, field: string): Plugin {
  return new Plugin({ view: (view) => new RichSync(view, doc, field) });
}

class RichSync {
  readonly #view: EditorView;
  readonly #doc: LoroDoc;
  readonly #field: string;
  readonly #mapping: LoroNodeMapping = new Map();
  readonly #off: () => void;
  /** Where the selection is, by the letters before its ends. */
  #selection: readonly [anchor: Cursor | undefined, head: Cursor | undefined] = [undefined, undefined];
  #writing = false;
  #reading = false;

  constructor(view: EditorView, doc: LoroDoc, field: string) {
    this.#view = view;
    this.#doc = doc;
    this.#field = field;
    doc.configTextStyle(stylesOf(view.state.schema));
    this.#off = doc.getMap(field).subscribe((batch) => this.#changed(batch));
    readRich(doc, field, view.state.schema, this.#mapping);
  }

  update(view: EditorView, before: EditorState): void {
    if (!this.#reading && !view.state.doc.eq(before.doc)) this.#edited(view, before);
    const { $anchor, $head } = view.state.selection;
    const root = this.#doc.getMap(this.#field);
    this.#selection = [letterBefore(root, $anchor), letterBefore(root, $head)];
  }

  destroy(): void {
    this.#off();
  }

  #edited(view: EditorView, before: EditorState): void {
    this.#writing = true;
    try {
      const map = this.#doc.getMap(this.#field);
      // First what the editor began with, apart from the edit: undo must not take the paragraph away.
      if (prepare(this.#doc, map)) this.#write(map, before);
      retype(map, view.state.doc);
      this.#write(map, view.state);
    } finally {
      this.#writing = false;
    }
  }

  #write(map: LoroMap, state: EditorState): void {
    updateLoroToPmState(this.#doc as LoroDocType, this.#mapping, state, map.id);
    giveTexts(map, state.doc);
    this.#doc.commit({ origin: SYSTEM_ORIGIN });
  }

  #changed(batch: LoroEventBatch): void {
    if (this.#writing || this.#view.isDestroyed) return;
    forget(this.#doc, batch, this.#mapping);
    const { state } = this.#view;
    const next = readRich(this.#doc, this.#field, state.schema, this.#mapping);
    const start = state.doc.content.findDiffStart(next.content);
    const end = state.doc.content.findDiffEnd(next.content);
    if (start === null || !end) return;
    const overlap = Math.max(0, start - Math.min(end.a, end.b));
    const change = state.tr.replace(start, end.a + overlap, next.slice(start, end.b + overlap));
    this.#select(change);
    this.#reading = true;
    try {
      this.#view.dispatch(change);
    } finally {
      this.#reading = false;
    }
  }

  /** Keeps the selection with its letters; where there is none before it, others' text goes behind it. */
  #select(change: Transaction): void {
    const { selection } = this.#view.state;
    if (!(selection instanceof TextSelection)) return;
    const tree = { doc: this.#doc, root: this.#doc.getMap(this.#field) };
    const place = (at: number, letter: Cursor | undefined) =>
      change.doc.resolve((letter && positionBehind(change.doc, tree, letter)) ?? change.mapping.map(at, -1));
    const [anchor, head] = this.#selection;
    change.setSelection(TextSelection.between(place(selection.anchor, anchor), place(selection.head, head)));
  }
}

/** The root of the tree, in containers that are the same on every page. False: it is there. */
function prepare(doc: LoroDoc, map: LoroMap): boolean {
  if (map.get(NODE_NAME_KEY) !== undefined) return false;
  map.ensureMergeableList(CHILDREN_KEY);
  map.ensureMergeableMap(ATTRIBUTES_KEY);
  doc.commit({ origin: SYSTEM_ORIGIN });
  return true;
}

/** A paragraph that became a heading stays the container it was: others may be typing in it. */
function retype(map: LoroMap, node: Node): void {
  const below = childrenOf(map);
  if (below.length !== node.childCount) return;
  node.forEach((child, _offset, index) => {
    const inner = below[index];
    if (!(inner instanceof LoroMap)) return;
    const name = inner.get(NODE_NAME_KEY);
    const before = typeof name === 'string' ? node.type.schema.nodes[name] : undefined;
    if (before?.isTextblock && child.isTextblock && before !== child.type)
      inner.set(NODE_NAME_KEY, child.type.name);
    else if (!child.isTextblock) retype(inner, child);
  });
}

/** A text for each empty textblock. Nodes and maps have the same order. */
function giveTexts(map: LoroMap, node: Node): void {
  const children = map.get(CHILDREN_KEY);
  if (!(children instanceof LoroList)) return;
  if (node.isTextblock) {
    if (children.length === 0) children.insertContainer(0, new LoroText());
    return;
  }
  const below = childrenOf(map);
  node.forEach((child, _offset, index) => {
    const inner = below[index];
    if (!child.isLeaf && inner instanceof LoroMap) giveTexts(inner, child);
  });
}

/** What is typed at the end of a mark is part of it, unless the schema says otherwise. */
function stylesOf({ marks }: Schema): Parameters<LoroDoc['configTextStyle']>[0] {
  const expand = (name: string) => (marks[name]!.spec.inclusive === false ? 'none' : 'after');
  return Object.fromEntries(Object.keys(marks).map((name) => [name, { expand: expand(name) }]));
}

/** What was changed is read anew, and all that it is part of. */
function forget(doc: LoroDoc, { events }: LoroEventBatch, mapping: LoroNodeMapping): void {
  for (const { target } of events) {
    for (let at = doc.getContainerById(target); at && isContainer(at); at = at.parent())
      mapping.delete(at.id);
  }
}
