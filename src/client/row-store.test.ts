import { describe, expect, test } from 'vitest';
import { silentLog } from '../base/env.ts';
import type { JsonObject } from '../base/json.ts';
import type { Cursor, RowOp } from '../protocol/row-batch.ts';
import { simEnv } from '../testing/sim-env.ts';
import { MemoryPersistence } from './memory-persistence.ts';
import { Overlay } from './overlay.ts';
import { RowJournal } from './row-journal.ts';
import { RowStore } from './row-store.ts';
import { RowTables } from './row-tables.ts';
import { RowView } from './row-view.ts';
import { Subscriptions } from './subscriptions.ts';

function setUp() {
  const tables = new RowTables();
  const view = new RowView({ tables, overlay: new Overlay(), projected: () => ({}) }, silentLog);
  const persistence = new MemoryPersistence();
  const journal = new RowJournal(persistence, silentLog);
  const subscriptions = new Subscriptions(
    { env: simEnv(), tables, view, nextId: () => 1, sendRaw: () => true },
    [],
  );
  const asked: (Cursor | null)[] = [];
  const rows = new RowStore(
    { tables, view, journal, subscriptions },
    { catchUp: (cursor) => asked.push(cursor), covered: () => {} },
  );
  let told = 0;
  view.subscribe(() => told++);
  return { rows, view, journal, persistence, asked, told: () => told };
}

const put = (seq: number, id: string, data: JsonObject = {}): RowOp => ({
  seq,
  entity: 'Note',
  row_id: id,
  kind: 'update',
  data: { ...data },
  timestamp: 0,
});
const del = (seq: number, id: string): RowOp => ({
  seq,
  entity: 'Note',
  row_id: id,
  kind: 'delete',
  timestamp: 0,
});
const batch = (from: number, to: number, ...ops: RowOp[]) => ({ t: 'batch' as const, from, to, ops });
const page = (ids: string[], last = false) => ({
  t: 'page' as const,
  entity: ids.length > 0 ? 'Note' : null,
  rows: ids.map((row_id) => ({ row_id, data: {} })),
  last,
});

/** At seq 5 of epoch `e`, with the row `a`. */
function following() {
  const kit = setUp();
  kit.rows.connected({ epoch: 'e', seq: 5 }, []);
  kit.rows.reset({ epoch: 'e', seq: 5 });
  kit.rows.page(page(['a'], true));
  kit.rows.batch(batch(5, 5));
  return kit;
}
const ids = (view: RowView) => view.list('Note').map((row) => row.id);

describe('[S2] the cursor', () => {
  test('moves with each batch that starts at it', () => {
    const { rows, view } = following();
    rows.batch(batch(5, 6, put(6, 'b')));
    rows.batch(batch(6, 9));
    expect(rows.cursor).toEqual({ epoch: 'e', seq: 9 });
    expect(ids(view)).toEqual(['a', 'b']);
  });

  test.each([
    ['after a gap', 6],
    ['that overlaps', 4],
  ])('a batch %s is not applied, and one catch-up is asked for', (_name, from) => {
    const { rows, view, asked } = following();
    rows.batch(batch(from, 8, put(8, 'x')));
    rows.batch(batch(8, 9, put(9, 'y')));
    expect(rows.cursor).toEqual({ epoch: 'e', seq: 5 });
    expect(ids(view)).toEqual(['a']);
    expect(asked).toEqual([{ epoch: 'e', seq: 5 }]);
    rows.batch(batch(5, 9, put(8, 'x'), put(9, 'y')));
    expect(ids(view)).toEqual(['a', 'x', 'y']);
    rows.batch(batch(11, 12));
    expect(asked).toHaveLength(2);
  });

  test('a batch of a server with another history is not applied', () => {
    const { rows, view, asked } = following();
    rows.connected({ epoch: 'restored', seq: 7 }, []);
    rows.batch(batch(5, 6, put(6, 'x')));
    expect(ids(view)).toEqual(['a']);
    expect(asked).toHaveLength(1);
  });

  test('without rows nothing but a copy is taken', () => {
    const { rows, view, asked } = setUp();
    rows.connected({ epoch: 'e', seq: 0 }, []);
    rows.batch(batch(0, 1, put(1, 'x')));
    expect(ids(view)).toEqual([]);
    expect(asked).toEqual([null]);
  });
});

describe('a reset', () => {
  test('shows nothing of the copy before the batch that makes it one moment', () => {
    const { rows, view, told } = following();
    const before = told();
    rows.reset({ epoch: 'e', seq: 8 });
    rows.page(page(['b', 'c']));
    rows.page(page([], true));
    expect(ids(view)).toEqual(['a']);
    rows.batch(batch(8, 10, del(9, 'c'), put(10, 'd')));
    expect(ids(view)).toEqual(['b', 'd']);
    expect(rows.cursor).toEqual({ epoch: 'e', seq: 10 });
    expect(told()).toBe(before + 1);
  });

  test('in pieces is given up when a batch does not fit, and when the connection is lost', () => {
    const { rows, view, asked } = following();
    rows.reset({ epoch: 'e', seq: 8 });
    rows.page(page(['b']));
    rows.batch(batch(8, 9));
    expect(asked).toEqual([{ epoch: 'e', seq: 5 }]);
    rows.page(page([], true));
    rows.reset({ epoch: 'e', seq: 8 });
    rows.page(page(['b']));
    rows.connected({ epoch: 'e', seq: 9 }, []);
    rows.page(page([], true));
    rows.batch(batch(5, 9, put(9, 'z')));
    expect(ids(view)).toEqual(['a', 'z']);
  });

  test('keeps the objects of rows that are the same', () => {
    const { rows, view } = following();
    const a = view.get('Note', 'a');
    rows.reset({ epoch: 'f', seq: 1 });
    rows.page(page(['a', 'b'], true));
    rows.batch(batch(1, 1));
    expect(view.get('Note', 'a')).toBe(a);
    expect(rows.cursor).toEqual({ epoch: 'f', seq: 1 });
  });
});

describe('[S5] a delete', () => {
  test.each([
    ['in order', [put(6, 'x'), del(7, 'x')]],
    ['before an older event', [del(7, 'x'), put(6, 'x')]],
    ['before an event of its own transaction', [del(7, 'x'), put(7, 'x')]],
  ])('%s wins', (_name, ops) => {
    const { rows, view } = following();
    rows.batch(batch(5, 7, ...ops));
    expect(ids(view)).toEqual(['a']);
  });

  test('is followed by what is newer', () => {
    const { rows, view } = following();
    rows.batch(batch(5, 7, put(7, 'a', { again: true }), del(6, 'a')));
    expect(view.list('Note')).toEqual([{ id: 'a', again: true }]);
  });

  test('in the log beats the row in an older page', () => {
    const { rows, view } = setUp();
    rows.connected({ epoch: 'e', seq: 5 }, []);
    rows.reset({ epoch: 'e', seq: 5 });
    rows.page(page(['a', 'b'], true));
    rows.batch(batch(5, 6, del(6, 'a')));
    expect(ids(view)).toEqual(['b']);
  });
});

describe('the view', () => {
  test('tells once per batch, with what changed, after all is applied', () => {
    const { rows, view } = following();
    const seen: unknown[] = [];
    view.subscribe((change) => seen.push([[...(change.get('Note') ?? [])], ids(view), rows.cursor?.seq]));
    rows.batch(batch(5, 7, put(6, 'b'), put(6, 'c'), del(7, 'b')));
    expect(seen).toEqual([[['c'], ['a', 'c'], 7]]);
    rows.batch(batch(7, 8, put(8, 'a')));
    expect(seen).toHaveLength(1); // an equal row is no change
  });

  test('a listener that throws stops nobody, and one that writes is told in order', () => {
    const { rows, view } = following();
    const seen: string[] = [];
    view.subscribe(() => {
      throw new Error('app bug');
    });
    view.subscribe((change) => {
      if (change.get('Note')?.has('b')) rows.batch(batch(6, 7, put(7, 'c')));
    });
    view.subscribe((change) => seen.push([...(change.get('Note') ?? [])].join()));
    rows.batch(batch(5, 6, put(6, 'b')));
    expect(seen).toEqual(['b', 'c']);
  });

  test('knowledge grows from unknown over stale to complete', () => {
    const { rows, view } = setUp();
    expect(view.knowledge).toBe('unknown');
    view.change(() => rows.hydrate({ cursor: { epoch: 'e', seq: 4 }, rows: [], ops: [] }));
    rows.connected({ epoch: 'e', seq: 6 }, []);
    expect(view.knowledge).toBe('stale');
    rows.batch(batch(4, 5));
    expect(view.knowledge).toBe('stale');
    rows.batch(batch(5, 6));
    expect(view.knowledge).toBe('complete');
  });
});

test('[S3] what is saved is always the rows of the saved cursor', async () => {
  const { rows, journal, persistence } = setUp();
  await journal.open('ann');
  rows.connected({ epoch: 'e', seq: 0 }, []);
  rows.reset({ epoch: 'e', seq: 0 });
  rows.page(page(['r0'], true));
  for (let seq = 0; seq < 50; seq++) {
    rows.batch(batch(seq, seq + 1, put(seq + 1, `r${seq + 1}`), del(seq + 1, `r${seq}`)));
    if (seq % 3 === 0) await new Promise<void>((resolve) => queueMicrotask(resolve));
    const { cursor, rows: saved } = persistence.snapshot();
    if (cursor) expect([...(saved.get('Note')?.keys() ?? [])]).toEqual([`r${cursor.seq}`]);
  }
  await journal.close();
  expect(persistence.snapshot().cursor).toEqual({ epoch: 'e', seq: 50 });
});
