import fc from 'fast-check';
import { expect, test } from 'vitest';
import { silentLog } from '../base/env.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { PushOp } from '../protocol/client-message.ts';
import { Layers } from './layers.ts';
import type { OptimisticLocal } from './optimistic.ts';
import { type OptimisticFunctions, OptimisticRunner } from './optimistic-runner.ts';
import { Overlay } from './overlay.ts';
import type { Change } from './persistence.ts';
import { RowTables } from './row-tables.ts';
import { RowView } from './row-view.ts';
import { user } from './testing/fake-server.ts';

type Row = JsonObject & { id: string };
type Rows = Map<string, Row>;
const IDS = ['a', 'b', 'c'];
const value = (local: OptimisticLocal, id: string) => Number(local.get('N', id)?.value ?? 0);

const functions: OptimisticFunctions = {
  add: (local, args) => {
    const { from, to } = args as { from: string; to: string };
    local.update('N', to, { value: value(local, to) + value(local, from) + 1 });
  },
  make: (local, args) => {
    const { to } = args as { to: string };
    local.insert('N', { id: to, value: 100 });
    local.insert('N', { value: 7 });
  },
  sum: (local, args) => {
    const sum = local.list('N').reduce((total, row) => total + Number(row.value), 0);
    local.insert('N', { id: (args as { to: string }).to, value: sum });
    local.update('N', (args as { to: string }).to, { value: sum });
  },
  move: (local, args) => {
    const { from, to } = args as { from: string; to: string };
    const row = local.get('N', from);
    local.delete('N', from);
    if (!row) throw new Error('nothing to move'); // what it wrote is void
    local.insert('N', { id: to, value: row.value! });
  },
};
const drafts = {
  insert: (_: string, __: string, data: JsonObject) => data,
  update: (_: string, data: JsonObject) => data,
};

function setUp() {
  const tables = new RowTables();
  const overlay = new Overlay();
  const projected = () => ({});
  const auth = () => user('ann');
  const counted = { runs: 0 };
  const runner = new OptimisticRunner({
    functions: Object.fromEntries(
      Object.entries(functions).map(([name, part]) => [
        name,
        (...all: Parameters<typeof part>) => {
          counted.runs++;
          part(...all);
        },
      ]),
    ),
    drafts,
    log: silentLog,
    auth,
  });
  const view: RowView = new RowView(
    { tables, overlay, projected, rebase: (touched) => layers.rebase(touched) },
    silentLog,
  );
  const layers = new Layers({ tables, overlay, view, runner, projected });
  return { tables, view, layers, counted };
}

/** The oracle: all that is pending, one after another, on a copy of the rows. */
function naive(base: Rows, pending: readonly Change[]): Rows {
  let rows = new Map(base);
  const write = ({ kind, row_id, data }: Omit<PushOp, 'op_id' | 'entity'>, to: Rows) => {
    const row = to.get(row_id);
    if (kind === 'delete') to.delete(row_id);
    else if (kind === 'insert') to.set(row_id, row ?? { ...data, id: row_id });
    else if (row) to.set(row_id, { ...row, ...data });
  };
  for (const op of pending) {
    if (op.kind !== 'call') {
      write(op, rows);
      continue;
    }
    const next = new Map(rows);
    const local: OptimisticLocal = {
      get: (_, id) => next.get(id),
      list: () => [...next.values()],
      insert(_, { id = op.op_id, ...data }) {
        write({ kind: 'insert', row_id: String(id), data }, next);
        return String(id);
      },
      update: (_, row_id, data) => write({ kind: 'update', row_id, data }, next),
      delete: (_, row_id) => write({ kind: 'delete', row_id }, next),
    };
    try {
      functions[op.fn]!(local, op.args, { id: op.op_id, now: op.now, auth: null as never });
      rows = next;
    } catch {}
  }
  return rows;
}

const id = fc.constantFrom(...IDS);
const step = fc.oneof(
  fc.record({
    do: fc.constant('call' as const),
    fn: fc.constantFrom(...Object.keys(functions)),
    from: id,
    to: id,
  }),
  fc.record({
    do: fc.constant('write' as const),
    kind: fc.constantFrom('insert', 'update', 'delete'),
    id,
    value: fc.nat(9),
  }),
  fc.record({
    do: fc.constant('batch' as const),
    rows: fc.array(fc.tuple(id, fc.option(fc.nat(9)))),
    covered: fc.nat(2),
  }),
  fc.record({ do: fc.constant('refused' as const), index: fc.nat(5) }),
  fc.record({ do: fc.constant('reload' as const), earlier: id }),
);

function callOp(n: number, fn: string, args: Json): Change {
  return { op_id: `op${n}`, kind: 'call', fn, args, now: n };
}

test('[S7] the view is the rows with all that is pending run over them, whatever happens in whatever order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30, size: 'max' }), (steps) => {
      const { tables, view, layers } = setUp();
      const base: Rows = new Map();
      let pending: Change[] = [];
      let n = 0;
      const told = new Map<string, JsonObject>();
      view.subscribe((change) => {
        for (const row of change.get('N') ?? []) {
          const now = view.get('N', row);
          if (now) told.set(row, now);
          else told.delete(row);
        }
      });
      for (const it of steps) {
        view.change(() => {
          switch (it.do) {
            case 'call':
            case 'write': {
              const op =
                it.do === 'call'
                  ? callOp(n++, it.fn, { from: it.from, to: it.to })
                  : ({
                      op_id: `op${n++}`,
                      entity: 'N',
                      row_id: it.id,
                      kind: it.kind,
                      data: { value: it.value },
                    } as PushOp);
              pending.push(op);
              return layers.add(op);
            }
            case 'batch':
              for (const [row, value] of it.rows) {
                view.touch('N', row);
                if (value === null) {
                  base.delete(row);
                  tables.delete('N', row);
                } else {
                  base.set(row, { id: row, value });
                  tables.set('N', row, { id: row, value });
                }
              }
              for (const op of pending.splice(0, it.covered)) layers.remove(op);
              return;
            case 'refused':
              for (const op of pending.splice(it.index, 1)) layers.remove(op);
              return;
            case 'reload':
              pending = [callOp(n++, 'add', { from: it.earlier, to: 'a' }), ...pending];
              return layers.reorder(pending);
          }
        });
        const expected = naive(base, pending);
        const sorted = (rows: Iterable<[string, JsonObject]>) => Object.fromEntries([...rows].sort());
        expect(sorted(view.list('N').map((row) => [String(row.id), row]))).toEqual(sorted(expected));
        expect(sorted(told), 'what listeners were told').toEqual(sorted(expected));
        for (const row of IDS) expect(view.get('N', row)).toEqual(expected.get(row));
      }
    }),
    { numRuns: 500 },
  );
});

test('calls are replayed only for what they read, and not for what is put on top', () => {
  const { tables, view, layers, counted } = setUp();
  const put = (row: string) =>
    view.change(() => {
      view.touch('N', row);
      tables.set('N', row, { id: row, value: 1 });
    });
  put('a');
  view.change(() => layers.add(callOp(0, 'add', { from: 'a', to: 'a' })));
  expect(counted.runs).toBe(1);
  put('b');
  view.change(() =>
    layers.add({ op_id: 'op1', entity: 'N', row_id: 'a', kind: 'update', data: { value: 5 } }),
  );
  view.change(() => layers.add(callOp(2, 'add', { from: 'b', to: 'b' })));
  expect(counted.runs).toBe(2);
  put('b');
  expect(counted.runs).toBe(4);
});
