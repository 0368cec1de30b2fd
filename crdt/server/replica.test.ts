import fc from 'fast-check';
import { LoroDoc } from 'loro-crdt';
import { expect, test, vi } from 'vitest';
import { NO_VERSIONS } from '../core/versions.ts';
import { type Delta, Replica } from './replica.ts';

const step = fc.oneof(
  fc.record({ kind: fc.constant('edit' as const), writer: fc.nat(2), hear: fc.boolean() }),
  fc.record({ kind: fc.constant('adopt' as const) }),
  fc.record({ kind: fc.constant('take' as const) }),
  fc.record({ kind: fc.constant('settle' as const) }),
);

function textOf(update: Uint8Array | null): string {
  const doc = new LoroDoc();
  if (update) doc.import(update);
  return doc.getText('body').toString();
}

test('[D2] what was received, and what is durable, are what Loro holds, whatever comes in between', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const replica = new Replica(null, []);
      const [received, durable] = [new LoroDoc(), new LoroDoc()];
      const writers = [new LoroDoc(), new LoroDoc(), new LoroDoc()];
      const server = new LoroDoc();
      let underWay: Delta | null = null;
      for (const { kind, ...choice } of steps) {
        if (kind === 'edit' && 'writer' in choice) {
          const writer = writers[choice.writer]!;
          if (choice.hear) writer.import(received.export({ mode: 'update' }));
          const from = writer.oplogVersion();
          writer.getText('body').push('x');
          writer.commit();
          const bytes = writer.export({ mode: 'update', from });
          expect(replica.import(bytes)).toBe('new');
          expect(replica.import(bytes)).toBe('known');
          received.import(bytes);
        } else if (kind === 'adopt') {
          const from = server.oplogVersion();
          server.getText('body').push('s');
          server.commit();
          const bytes = server.export({ mode: 'update', from });
          replica.adopt(bytes);
          received.import(bytes);
          durable.import(bytes);
        } else if (kind === 'take' && !underWay) {
          underWay = replica.take()?.[0] ?? null;
        } else if (kind === 'settle' && underWay) {
          replica.settle(underWay);
          durable.import(underWay.bytes);
          underWay = null;
        }
        expect(new Map(replica.received())).toEqual(received.oplogVersion().toJSON());
        expect(replica.durable).toEqual(durable.oplogVersion().toJSON());
      }
      expect(textOf(replica.since(NO_VERSIONS))).toBe(durable.getText('body').toString());
      replica.free();
    }),
  );
});

test('[D3] a log that traps is reported as damaged, though what trapped cannot be freed', () => {
  const panic = () => {
    throw Object.assign(new Error('unreachable'), { name: 'RuntimeError' });
  };
  vi.spyOn(LoroDoc.prototype, 'import').mockImplementation(panic);
  vi.spyOn(LoroDoc.prototype, 'free').mockImplementation(panic);
  try {
    expect(() => new Replica(null, [new Uint8Array(1)])).toThrow('the log of a document is damaged');
  } finally {
    vi.restoreAllMocks();
  }
});

test('[D6] a replica without the history before a version: what it takes, tells, and holds after it forgot pending ones', () => {
  const writer = new LoroDoc();
  const say = (text: string) => {
    const from = writer.oplogVersion();
    writer.getText('body').push(text);
    writer.commit();
    return writer.export({ mode: 'update', from });
  };
  const late = new LoroDoc();
  late.import(say('old '));
  say('root ');
  const base = writer.export({ mode: 'shallow-snapshot', frontiers: writer.oplogFrontiers() });
  const after = writer.oplogVersion().toJSON();
  const tail = say('tail ');
  const replica = new Replica(base, [tail]);
  expect(replica.durable).toEqual(writer.oplogVersion().toJSON());
  expect(replica.root).toEqual(after);
  late.getText('body').push('late');
  late.commit();
  expect(replica.import(late.export({ mode: 'update', from: late.oplogVersion() }))).toBe('known');
  expect(replica.import(late.export({ mode: 'update' }))).toBe('trimmed');
  expect(replica.dirty).toBe(false);
  expect(() => replica.since(new Map())).toThrow('gone');
  say('skipped ');
  expect(replica.import(say('gap '))).toBe('pending');
  replica.forgetPending();
  const reader = new LoroDoc();
  reader.import(base);
  reader.import(replica.since(after)!);
  expect(reader.getText('body').toString()).toBe('old root tail ');
  expect(replica.import(writer.export({ mode: 'update', from: reader.oplogVersion() }))).toBe('new');
  const [delta] = replica.take()!;
  replica.settle(delta);
  reader.import(replica.since(after)!);
  expect(reader.getText('body').toString()).toBe('old root tail skipped gap ');
  replica.free();
});
