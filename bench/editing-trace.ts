/**
 * An editing trace: what somebody typed, keystroke by keystroke. The real ones lie outside the project (their
 * licences are their own); where they are missing, one of the same shape is generated, and its name says so.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export type Patch = readonly [position: number, deleted: number, inserted: string];

export interface Trace {
  readonly name: string;
  readonly patches: readonly Patch[];
}

const FOLDER = process.env.TERNION_TRACES ?? join(import.meta.dirname, '../../shared/data/editing-traces');

/** One writer's: 259,778 operations, 104,852 characters in the end. */
export function paperTrace(): Trace {
  const file = join(FOLDER, 'automerge-paper.json.gz');
  if (!existsSync(file)) return generatedTrace();
  const { txns }: { txns: { patches: Patch[] }[] } = JSON.parse(gunzipSync(readFileSync(file)).toString());
  return { name: 'automerge-paper', patches: txns.flatMap(({ patches }) => patches) };
}

const OPERATIONS = 259_778;
/** Of the paper's operations: insertions of one character; the rest delete one. */
const INSERTED = 0.7018;
/** Chance of an operation to be elsewhere than where the one before it ended. */
const JUMP = 0.02;
const SEED = 1608;

/** Runs of typing and of backspaces at a cursor that sometimes jumps, near or far. */
export function generatedTrace(): Trace {
  const random = randomOf(SEED);
  const patches: Patch[] = [];
  let [length, cursor] = [0, 0];
  let deleting = false;
  while (patches.length < OPERATIONS) {
    if (random() < JUMP) {
      const far = random() < 0.3;
      cursor = far ? random() * length : cursor + (random() - 0.5) * 200;
      cursor = Math.max(0, Math.min(length, Math.floor(cursor)));
    }
    // Backspaces come in runs of about five.
    deleting = deleting ? random() < 0.8 : random() < (0.2 * (1 - INSERTED)) / INSERTED;
    if (deleting && cursor > 0) {
      patches.push([--cursor, 1, '']);
      length--;
    } else {
      const letter = random() < 0.17 ? ' ' : String.fromCharCode(97 + Math.floor(random() * 26));
      patches.push([cursor++, 0, letter]);
      length++;
    }
  }
  return { name: `generated (seed ${SEED})`, patches };
}

export function applyTrace({ patches }: Trace): string {
  // In chunks, so that an insertion moves little.
  let head = '';
  let tail = '';
  for (const [position, deleted, inserted] of patches) {
    if (position < head.length) [head, tail] = [head.slice(0, position), head.slice(position) + tail];
    else if (position > head.length) {
      const more = position - head.length;
      [head, tail] = [head + tail.slice(0, more), tail.slice(more)];
    }
    head += inserted;
    if (deleted > 0) tail = tail.slice(deleted);
  }
  return head + tail;
}

/** Mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
