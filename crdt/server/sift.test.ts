import { LoroDoc, type PeerID } from 'loro-crdt';
import { expect, test } from 'vitest';
import { isFault } from '../../src/base/fault.ts';
import { simEnv } from '../../src/testing/sim-env.ts';
import type { SimRandom } from '../../src/testing/sim-random.ts';
import { withDocument } from './materialiser-jobs.ts';
import { type Laboratory, sift, type Verdict } from './sift.ts';
import { forged } from './testing/forged.ts';
import { slice, trial } from './trial-jobs.ts';

/** On this thread. */
const laboratory: Laboratory = {
  trial: async (bytes) => verdictOf(bytes),
  slice: async (bytes, spans) => {
    try {
      return slice(bytes, spans);
    } catch {
      return null;
    }
  },
  fold: async (bytes) => withDocument(bytes, (doc) => doc.export({ mode: 'snapshot' })),
};

function verdictOf(bytes: readonly Uint8Array[]): Verdict {
  try {
    trial(bytes);
    return 'fine';
  } catch (error) {
    if (isFault(error, 'stale_cursor')) return 'gap';
    return typeof error === 'string' ? 'refused' : 'trap';
  }
}

function page(peer: PeerID, updates: readonly Uint8Array[] = []): LoroDoc {
  const doc = new LoroDoc();
  doc.setPeerId(peer);
  for (const update of updates) doc.import(update);
  return doc;
}

/** Types, and returns what that adds. */
function typed(doc: LoroDoc, text: string, at = 0): Uint8Array {
  const from = doc.oplogVersion();
  doc.getText('body').insert(at, text);
  doc.commit();
  return doc.export({ mode: 'update', from });
}

/** A changed copy of an update that a detached document takes, and on which an attached one fails. */
function poison(base: readonly Uint8Array[], honest: Uint8Array, random: SimRandom): Uint8Array {
  for (;;) {
    const bytes = forged(honest, random);
    const doc = new LoroDoc();
    doc.detach();
    for (const update of base) doc.import(update);
    try {
      if (doc.import(bytes).pending) continue;
    } catch {
      continue;
    }
    if (!['fine', 'gap'].includes(verdictOf([...base, bytes]))) return bytes;
  }
}

/** As the hub merges what came in one turn. */
function merged(base: readonly Uint8Array[], updates: readonly Uint8Array[]): Uint8Array {
  const doc = new LoroDoc();
  doc.detach();
  for (const update of base) doc.import(update);
  const from = doc.oplogVersion();
  for (const update of updates) doc.import(update);
  return doc.export({ mode: 'update', from });
}

/** As a detached document counts them. */
function opsIn(updates: readonly Uint8Array[]): number {
  const doc = new LoroDoc();
  doc.detach();
  for (const update of updates) doc.import(update);
  return doc.opCount();
}

const textOf = (snapshot: Uint8Array | null) =>
  page('1', snapshot ? [snapshot] : [])
    .getText('body')
    .toString();

test('[D3] a log without a fault stays whole', async () => {
  const a = page('2');
  const updates = [typed(a, 'one '), typed(a, 'two '), typed(a, 'three ')];
  const { clean, dropped } = await sift(laboratory, { snapshot: null, updates });
  expect(dropped).toEqual([]);
  expect(textOf(clean)).toBe('three two one ');
});

test('[D3] the row that fails is dropped, alone or merged with others; what stands beside it stays', async () => {
  const { random } = simEnv(3);
  for (const mixed of [false, true]) {
    const a = page('2');
    const base = [typed(a, 'base text of some length ')];
    const [b, evil] = [page('3', base), page('4', base)];
    const bad = poison(base, typed(evil, 'evil evil', 3), random);
    const fromB = typed(b, 'bob ', 0);
    const rows = mixed ? [merged(base, [bad, fromB])] : [bad, fromB];
    const updates = [...base, ...rows, typed(a, 'after ', 0)];
    const { clean, dropped } = await sift(laboratory, { snapshot: null, updates });
    expect(dropped.map(({ row, peer }) => ({ row, peer }))).toEqual([{ row: 1, peer: '4' }]);
    expect(verdictOf([clean!])).toBe('fine');
    const text = textOf(clean);
    for (const part of ['base text', 'bob ', 'after ']) expect(text).toContain(part);
  }
});

test('[D3] what builds on it is dropped too, and named; the part of a span before it stays', async () => {
  const { random } = simEnv(5);
  const a = page('2');
  const base = [typed(a, 'base text of some length ')];
  const evil = page('4', base);
  const good = typed(evil, 'good ');
  const honest = typed(evil, 'evil evil', 3);
  const later = typed(evil, 'later ');
  const start = [...base, good];
  let bad = poison(start, honest, random);
  while (opsIn([...start, bad]) !== opsIn([...start, honest])) bad = poison(start, honest, random);
  const rows = [merged(base, [good, bad]), later, typed(a, 'beside ')];
  const { clean, dropped } = await sift(laboratory, { snapshot: null, updates: [...base, ...rows] });
  expect(dropped).toMatchObject([
    { row: 1, peer: '4' },
    { row: 2, peer: '4', reason: 'builds_on' },
  ]);
  expect(dropped[0]!.reason).not.toBe('builds_on');
  const text = textOf(clean);
  expect(text).toContain('good ');
  expect(text).toContain('beside ');
  expect(text).not.toContain('later ');
});

test('[D3] a snapshot that is bad itself is reported', async () => {
  const damaged = new Uint8Array([1, 2, 3]);
  const sifted = sift(laboratory, { snapshot: damaged, updates: [] });
  await expect(sifted).rejects.toMatchObject({ code: 'storage' });
});
