import fc from 'fast-check';
import { decodeImportBlobMeta, LoroDoc, type PeerID } from 'loro-crdt';
import { expect, test } from 'vitest';
import { readUpdateHead } from './update-head.ts';

const edit = fc.record({
  writer: fc.nat(2),
  hears: fc.boolean(),
  container: fc.nat(3),
  text: fc.string({ minLength: 1, maxLength: 30 }),
  commits: fc.integer({ min: 1, max: 4 }),
});

function apply(doc: LoroDoc, { container, text }: { container: number; text: string }): void {
  if (container === 0) doc.getText('body').insert(0, text);
  else if (container === 1) doc.getMap('labels').set(text, text.length);
  else if (container === 2) doc.getList('items').push(text);
  else doc.getCounter('votes').increment(1);
  doc.commit();
}

/** Updates as clients make them: of one peer or several, building on each other or not. */
const updates = fc.array(edit, { minLength: 1, maxLength: 12 }).map((edits) => {
  const writers = [1n, 2n ** 64n - 2n, 77_777n].map((peer) => {
    const doc = new LoroDoc();
    doc.setPeerId(peer);
    return doc;
  });
  return edits.flatMap((choice) => {
    const doc = writers[choice.writer]!;
    if (choice.hears) for (const other of writers) doc.import(other.export({ mode: 'update' }));
    const from = doc.oplogVersion();
    for (let i = 0; i < choice.commits; i++) apply(doc, choice);
    return [
      doc.export({ mode: 'update', from }),
      doc.export({ mode: 'update' }),
      doc.export({ mode: 'snapshot' }),
    ];
  });
});

/** Whose operations Loro reads from them, without a look at the checksum; undefined when it refuses. */
function lorosView(bytes: Uint8Array) {
  try {
    const meta = decodeImportBlobMeta(bytes, false);
    const [starts, ends] = [meta.partialStartVersionVector.toJSON(), meta.partialEndVersionVector.toJSON()];
    return { mode: meta.mode, starts, ends, frontiers: meta.startFrontiers };
  } catch {
    return undefined;
  }
}

function agrees(bytes: Uint8Array): boolean {
  const head = readUpdateHead(bytes);
  if (!head) return false;
  const view = lorosView(bytes);
  if (!view) return true; // refused at import
  const { peer, start } = head;
  expect(view.mode).toBe('update');
  expect([...view.ends.keys()]).toEqual([peer]);
  expect(view.starts.get(peer) ?? 0).toBe(start);
  for (const dependency of view.frontiers) {
    expect(dependency.peer).toBe(peer);
    expect(dependency.counter).toBeLessThan(start);
  }
  return true;
}

test('[D9] an update that is read without Loro has the peer and the first counter that Loro sees', () => {
  let read = 0;
  fc.assert(
    fc.property(updates, (all) => {
      for (const bytes of all) if (agrees(bytes)) read++;
    }),
  );
  expect(read).toBeGreaterThan(100);
});

test('[D9] [D3] so it is of mutated bytes, whatever their checksum', () => {
  let read = 0;
  const changes = fc.array(fc.record({ at: fc.nat(), to: fc.nat(255) }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(updates, changes, fc.nat(), (all, mutations, cut) => {
      for (const bytes of all) {
        const mutated = bytes.slice();
        // Most of them where the head is: that is what is read.
        for (const { at, to } of mutations) mutated[20 + (at % Math.min(48, mutated.length - 20))] = to;
        if (agrees(mutated)) read++;
        agrees(bytes.slice(0, cut % bytes.length));
      }
    }),
    { numRuns: 60 },
  );
  expect(read).toBeGreaterThan(100);
});

test('what a typist sends is read without Loro; what builds on others is not', () => {
  const [a, b] = [new LoroDoc(), new LoroDoc()];
  a.setPeerId('123' as PeerID);
  a.getText('body').insert(0, 'abc');
  a.commit();
  const first = a.export({ mode: 'update' });
  expect(readUpdateHead(first)).toEqual({ peer: '123', start: 0 });
  const from = a.oplogVersion();
  a.getText('body').insert(3, 'd');
  a.commit();
  expect(readUpdateHead(a.export({ mode: 'update', from }))).toEqual({ peer: '123', start: 3 });
  b.import(first);
  const heard = b.oplogVersion();
  b.getText('body').insert(0, 'x');
  b.commit();
  expect(readUpdateHead(b.export({ mode: 'update', from: heard }))).toBeNull();
  expect(readUpdateHead(a.export({ mode: 'snapshot' }))).toBeNull();
  expect(readUpdateHead(new Uint8Array(0))).toBeNull();
});

test('[D3] Loro checks the sum of what was read without it', () => {
  const doc = new LoroDoc();
  doc.getText('body').insert(0, 'abc');
  doc.commit();
  const bytes = doc.export({ mode: 'update' });
  bytes[16]! ^= 1;
  expect(readUpdateHead(bytes)).not.toBeNull();
  expect(() => new LoroDoc().import(bytes)).toThrow();
});
