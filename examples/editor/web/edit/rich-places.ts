/**
 * Places in a rich field, as ProseMirror and as Loro count them. A place is one in the text of a block; blocks
 * are found by the way down from the root, which is the same in the editor and in the document.
 */
import { type ContainerID, type Cursor, type LoroDoc, LoroList, LoroMap, LoroText } from 'loro-crdt';
import { CHILDREN_KEY } from 'loro-prosemirror';
import type { Node, ResolvedPos } from 'prosemirror-model';
import { placeIn, placeOf } from 'ternion/crdt/client';

export interface Tree {
  readonly doc: LoroDoc;
  readonly root: LoroMap;
}

/** A place in the editor, by a name that stays; null where there is no text. */
export function namePlace(root: LoroMap, at: ResolvedPos): string | null {
  const place = textAt(root, at);
  return place ? placeIn(place.text, place.offset) : null;
}

/** The place with this name in the editor; undefined when it is elsewhere or not here yet. Never throws. */
export function findPlace(node: Node, tree: Tree, name: string): number | undefined {
  const found = placeOf(tree.doc, name);
  return found ? positionOf(node, tree, found) : undefined;
}

/** The letter right before a place in the editor, by which the place is found again; undefined where there is none. */
export function letterBefore(root: LoroMap, at: ResolvedPos): Cursor | undefined {
  const place = textAt(root, at);
  return place && place.offset > 0 ? place.text.getCursor(place.offset - 1) : undefined;
}

/** The place right behind such a letter; undefined when it was deleted. */
export function positionBehind(node: Node, tree: Tree, letter: Cursor): number | undefined {
  const found = tree.doc.getCursorPos(letter);
  if (!found || found.update) return undefined;
  const position = positionOf(node, tree, { container: letter.containerId(), index: found.offset });
  return position === undefined ? undefined : position + 1;
}

interface InText {
  readonly container: ContainerID;
  readonly index: number;
}

function positionOf(node: Node, { doc, root }: Tree, { container, index }: InText): number | undefined {
  try {
    const text = doc.getContainerById(container);
    const way = text instanceof LoroText ? wayTo(text, root) : undefined;
    if (!way) return undefined;
    const inBlock = way.pop()! + index;
    let [position, at] = [0, node];
    for (const step of way) {
      for (let i = 0; i < step; i++) position += at.child(i).nodeSize;
      at = at.child(step);
      position += 1;
    }
    return at.isTextblock ? position + Math.min(inBlock, at.content.size) : undefined;
  } catch {
    return undefined; // in a block that the schema did not take
  }
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
