/**
 * Random edits of one document, over all of its containers. What an edit adds carries a token that is used
 * once; what it strikes out it names, for nobody can know whether a page that died had it through.
 */
import type { DocHandle } from 'ternion/crdt/client';
import type { SimRandom } from 'ternion/testing';

/** One edit: where it put its token, and which tokens it struck, each as `field token`. */
export interface Edited {
  readonly put: string[];
  readonly struck: string[];
}

interface Pen extends Edited {
  readonly handle: DocHandle;
  readonly random: SimRandom;
  readonly token: string;
}

const STYLES = ['bold', 'link'];
const TEXTS = ['body', 'plain'];
const CONTENDED = ['a', 'b', 'c'];

/** A token in a text is one letter: what is made anew on another text may land anywhere, but never within one. */
const FIRST_LETTER = 0x4e00;
const letterOf = (token: string) => String.fromCharCode(FIRST_LETTER + Number(token.slice(1)));
const tokenOf = (letter: string) => `t${letter.charCodeAt(0) - FIRST_LETTER}`;

/** Commits one edit. The unique key and the vote are of each: so the votes tell how many edits there are. */
export function edit(handle: DocHandle, random: SimRandom, token: string): Edited {
  const pen: Pen = { handle, random, token, put: [`facts ${token}`], struck: [] };
  handle.map('facts').set(token, random.pick([1, null, 'x', ['deep', { y: 2 }], true]));
  handle.counter('votes').increment(1);
  for (let n = 1 + random.int(3); n > 0; n--) random.pick(EDITS)(pen);
  handle.doc.commit();
  return pen;
}

const EDITS: readonly ((pen: Pen) => void)[] = [
  write,
  write,
  strike,
  mark,
  contend,
  addItem,
  removeItem,
  addCard,
  moveCard,
  replaceCard,
  removeCard,
  addNode,
  moveNode,
  fell,
  ({ handle, random }) => handle.register('title').set(`title ${random.int(1000)}`),
];

/** Once in a container, however often this edit comes here. */
function claim({ put, token }: Pen, field: string): boolean {
  const name = `${field} ${token}`;
  if (put.includes(name)) return false;
  put.push(name);
  return true;
}

function write(pen: Pen): void {
  const { handle, random, token } = pen;
  const field = random.pick(TEXTS);
  if (!claim(pen, field)) return;
  const text = handle.text(field);
  text.insert(random.int(text.length + 1), letterOf(token));
}

function strike({ handle, random, struck }: Pen): void {
  const field = random.pick(TEXTS);
  const text = handle.text(field);
  if (text.length === 0) return;
  const at = random.int(text.length);
  struck.push(`${field} ${tokenOf(text.toString().charAt(at))}`);
  text.delete(at, 1);
}

function mark({ handle, random }: Pen): void {
  const text = handle.text('body');
  if (text.length < 2) return;
  const start = random.int(text.length - 1);
  const range = { start, end: start + 1 + random.int(text.length - start) };
  const style = random.pick(STYLES);
  if (random.chance(0.3)) text.unmark(range, style);
  else text.mark(range, style, style === 'link' ? `to ${random.int(9)}` : true);
}

function contend({ handle, random }: Pen): void {
  const key = random.pick(CONTENDED);
  if (random.chance(0.3)) handle.map('facts').delete(key);
  else handle.map('facts').set(key, random.int(1000));
}

function addItem(pen: Pen): void {
  const list = pen.handle.list('items');
  if (claim(pen, 'items')) list.insert(pen.random.int(list.length + 1), pen.token);
}

function removeItem({ handle, random, struck }: Pen): void {
  const list = handle.list('items');
  if (list.length === 0) return;
  const at = random.int(list.length);
  struck.push(`items ${String(list.get(at))}`);
  list.delete(at, 1);
}

function addCard(pen: Pen): void {
  const list = pen.handle.movableList('cards');
  if (claim(pen, 'cards')) list.insert(pen.random.int(list.length + 1), pen.token);
}

function moveCard({ handle, random }: Pen): void {
  const list = handle.movableList('cards');
  if (list.length > 1) list.move(random.int(list.length), random.int(list.length));
}

function replaceCard(pen: Pen): void {
  const list = pen.handle.movableList('cards');
  if (list.length === 0 || !claim(pen, 'cards')) return;
  const at = pen.random.int(list.length);
  pen.struck.push(`cards ${String(list.get(at))}`);
  // Whoever else replaces it meanwhile may win.
  pen.struck.push(`cards ${pen.token}`);
  list.set(at, pen.token);
}

function removeCard({ handle, random, struck }: Pen): void {
  const list = handle.movableList('cards');
  if (list.length === 0) return;
  const at = random.int(list.length);
  struck.push(`cards ${String(list.get(at))}`);
  list.delete(at, 1);
}

/** Some nodes are made to be felled; nothing is ever put below those. */
function addNode(pen: Pen): void {
  const { handle, random, token } = pen;
  if (!claim(pen, 'outline')) return;
  const tree = handle.tree('outline');
  const parents = lasting(handle);
  const node =
    parents.length > 0 && random.chance(0.6) ? random.pick(parents).createNode() : tree.createNode();
  node.data.set('token', token);
  if (random.chance(0.3)) node.data.set('doomed', true);
  else node.data.set('size', random.int(100));
}

function moveNode({ handle, random }: Pen): void {
  const nodes = handle.tree('outline').getNodes();
  const parents = lasting(handle);
  if (nodes.length === 0 || parents.length === 0) return;
  try {
    random.pick(nodes).move(random.chance(0.3) ? undefined : random.pick(parents));
  } catch {
    // A node cannot be put below itself.
  }
}

function fell({ handle, random, struck }: Pen): void {
  const tree = handle.tree('outline');
  const doomed = tree.getNodes().filter((node) => node.data.get('doomed') === true);
  if (doomed.length === 0) return;
  const node = random.pick(doomed);
  struck.push(`outline ${String(node.data.get('token'))}`);
  tree.delete(node.id);
}

function lasting(handle: DocHandle) {
  return handle
    .tree('outline')
    .getNodes()
    .filter((node) => node.data.get('doomed') !== true);
}

/** All tokens of a document as `field token`, each as often as it is there. */
export function tokensOf(columns: Record<string, unknown>): string[] {
  const tokens: string[] = [];
  for (const field of TEXTS) {
    for (const letter of String(columns[field])) tokens.push(`${field} ${tokenOf(letter)}`);
  }
  for (const field of ['items', 'cards']) {
    for (const item of columns[field] as unknown[]) tokens.push(`${field} ${String(item)}`);
  }
  for (const key of Object.keys(columns.facts as object)) {
    if (!CONTENDED.includes(key)) tokens.push(`facts ${key}`);
  }
  const walk = (nodes: readonly { meta: { token?: unknown }; children: [] }[]) => {
    for (const { meta, children } of nodes) {
      tokens.push(`outline ${String(meta.token)}`);
      walk(children);
    }
  };
  walk(columns.outline as []);
  return tokens;
}
