/**
 * Places in a rich field, as ProseMirror and as Loro count them. A place is one in the text of a block; blocks
 * are found by the way down from the root, which is the same in the editor and in the document.
 */
import { type Cursor, type LoroDoc, LoroList, LoroMap, LoroText } from 'loro-crdt';
import { CHILDREN_KEY } from 'loro-prosemirror';
import type { Node, ResolvedPos } from 'prosemirror-model';
import { offsetIn } from 'ternion/crdt/client';

export interface Tree {
  readonly doc: LoroDoc;
  readonly root: LoroMap;
}

/** A stable position for a place in the editor; undefined where there is no text. */
export function cursorAt(root: LoroMap, at: ResolvedPos): Cursor | undefined {
  const place = textAt(root, at);
  return place?.text.getCursor(place.offset);
}

/** The place of a stable position in the editor; undefined when it is elsewhere or not here yet. */
export function positionIn(node: Node, { doc, root }: Tree, cursor: Cursor): number | undefined {
  try {
    const text = doc.getContainerById(cursor.containerId());
    if (!(text instanceof LoroText)) return undefined;
    const offset = offsetIn(text, cursor, doc);
    const way = wayTo(text, root);
    if (offset === undefined || !way) return undefined;
    const inBlock = way.pop()!;
    let [position, at] = [0, node];
    for (const index of way) {
      for (let i = 0; i < index; i++) position += at.child(i).nodeSize;
      at = at.child(index);
      position += 1;
    }
    if (!at.isTextblock) return undefined;
    return position + Math.min(inBlock + offset, at.content.size);
  } catch {
    return undefined; // a block that the schema did not take, or anything else that somebody sent
  }
}

/** The letter right before a place in the editor, by which the place is found again; undefined where there is none. */
export function letterBefore(root: LoroMap, at: ResolvedPos): Cursor | undefined {
  const place = textAt(root, at);
  return place && place.offset > 0 ? place.text.getCursor(place.offset - 1) : undefined;
}

/** The place right behind such a letter; undefined when it was deleted. */
export function positionBehind(node: Node, tree: Tree, letter: Cursor): number | undefined {
  const isDeleted = tree.doc.getCursorPos(letter)?.update !== undefined;
  const position = isDeleted ? undefined : positionIn(node, tree, letter);
  return position === undefined ? undefined : position + 1;
}

function textAt(root: LoroMap, at: ResolvedPos): { text: LoroText; offset: number } | undefined {
  let map = root;
  for (let depth = 0; depth < at.depth; depth++) {
    const child = childrenOf(map)[at.index(depth)];
    if (!(child instanceof LoroMap)) return undefined;
    map = child;
  }
  let offset = at.parentOffset;
  for (const child of childrenOf(map)) {
    const size = child instanceof LoroText ? child.length : 1;
    if (child instanceof LoroText && offset <= size) return { text: child, offset };
    offset -= size;
  }
  return undefined;
}

/** Indices of blocks from the root down to the text's, and at last what stands before the text in its block. */
function wayTo(text: LoroText, root: LoroMap): number[] | undefined {
  const way: number[] = [];
  let child: LoroText | LoroMap = text;
  while (child.id !== root.id) {
    const parent: unknown = child.parent()?.parent();
    if (!(parent instanceof LoroMap)) return undefined;
    const siblings = childrenOf(parent);
    const { id } = child;
    const index = siblings.findIndex(
      (one) => (one instanceof LoroMap || one instanceof LoroText) && one.id === id,
    );
    if (index < 0) return undefined;
    const before = siblings.slice(0, index);
    way.unshift(
      child === text
        ? before.reduce((sum: number, one) => sum + (one instanceof LoroText ? one.length : 1), 0)
        : index,
    );
    child = parent;
  }
  return way;
}

/** The nodes and texts below a node. */
export function childrenOf(map: LoroMap): unknown[] {
  const children = map.get(CHILDREN_KEY);
  return children instanceof LoroList ? children.toArray() : [];
}
