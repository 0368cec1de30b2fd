/** What is kept for the next edit of server code: used when it is what the log says, and never otherwise. */
import { LoroDoc, type PeerID } from 'loro-crdt';
import { expect, test } from 'vitest';
import type { Transaction } from '../../src/store/transaction.ts';
import { ScratchDocs } from './scratch-docs.ts';

const PEER = '5' as PeerID;
const ref = (id: string) => ({ entity: 'Note', id });
const [one, other] = [{} as Transaction, {} as Transaction];

function scratch(rev: number, sizeBytes = 10) {
  const doc = new LoroDoc();
  doc.setPeerId(PEER);
  doc.getText('body').insert(0, 'text');
  doc.commit();
  return { doc, peer: PEER, epoch: 'e', rev, sizeBytes };
}

test('[D8] what a transaction edited is its own until it is committed', () => {
  const kept = new ScratchDocs({ maxScratchBytes: 100 });
  const mine = scratch(3);
  const { confirm } = kept.keep(one, ref('n1'), mine);
  expect(kept.take(one, ref('n1'), { epoch: 'e', rev: 3 })?.doc).toBe(mine.doc);
  kept.keep(one, ref('n1'), mine);
  expect(kept.take(other, ref('n1'), { epoch: 'e', rev: 3 })).toBeNull(); // it was rolled back, and 3 is another's
  kept.keep(one, ref('n1'), scratch(3));
  confirm(); // of one that is gone
  expect(kept.take(other, ref('n1'), { epoch: 'e', rev: 3 })).toBeNull();
  kept.keep(one, ref('n1'), scratch(3)).confirm();
  expect(kept.take(other, ref('n1'), { epoch: 'e', rev: 3 })).not.toBeNull();
});

test('[D8] one of another life or revision, and one that its editor has not let go, are made anew', () => {
  const kept = new ScratchDocs({ maxScratchBytes: 100 });
  const at = { epoch: 'e', rev: 3 };
  for (const known of [
    { epoch: 'f', rev: 3 },
    { epoch: 'e', rev: 4 },
  ]) {
    kept.keep(one, ref('n1'), scratch(3)).confirm();
    expect(kept.take(other, ref('n1'), known)).toBeNull();
  }
  const spoilers: ((doc: LoroDoc) => void)[] = [
    (doc) => doc.getText('body').insert(0, 'later'),
    (doc) => doc.checkout([]),
    (doc) => doc.setPeerId('6'),
    (doc) => doc.free(),
  ];
  for (const spoil of spoilers) {
    const mine = scratch(3);
    kept.keep(one, ref('n1'), mine).confirm();
    spoil(mine.doc);
    expect(kept.take(other, ref('n1'), at)).toBeNull();
  }
});

test('[N3] no more than maxScratchBytes are kept; those used longest ago go', () => {
  const kept = new ScratchDocs({ maxScratchBytes: 100 });
  for (const id of ['n1', 'n2']) kept.keep(one, ref(id), scratch(1, 50)).confirm();
  expect(kept.sizeBytes).toBe(100);
  const first = kept.take(one, ref('n1'), { epoch: 'e', rev: 1 });
  kept.keep(one, ref('n1'), first!).confirm();
  kept.keep(one, ref('n3'), scratch(1, 1)).confirm();
  expect(kept.sizeBytes).toBe(51);
  expect(kept.take(one, ref('n2'), { epoch: 'e', rev: 1 })).toBeNull();
  expect(kept.take(one, ref('n1'), { epoch: 'e', rev: 1 })).not.toBeNull();
  kept.keep(one, ref('n4'), scratch(1, 101));
  expect(kept.sizeBytes).toBe(0);
});
