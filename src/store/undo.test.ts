import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { simEnv } from '../testing/sim-env.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import type { JobContext } from './group-commit.ts';
import { Store } from './store.ts';
import type { Change } from './transaction.ts';

const Seat = entity('Seat', { no: field.int().unique(), who: field.string().optional() });
const schema = defineSchema({ entities: [Seat] });
const PLUGIN = ['CREATE TABLE IF NOT EXISTS _plugin (n INTEGER PRIMARY KEY) STRICT'];

const ID = fc.constantFrom('a', 'b', 'c', 'd');
const NO = fc.integer({ min: 0, max: 4 });
const STEP = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), id: ID, no: NO }),
  fc.record({ kind: fc.constant('update' as const), id: ID, no: NO }),
  fc.record({ kind: fc.constant('delete' as const), id: ID, no: NO }),
  fc.record({ kind: fc.constant('plugin' as const), id: ID, no: NO }),
);
type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never;
/** `fails`: the job throws at its end. */
const JOB = fc.record({ steps: fc.array(STEP, { maxLength: 6 }), fails: fc.boolean() });

function perform({ tx }: JobContext, { kind, id, no }: Step): Promise<unknown> {
  if (kind === 'insert') return tx.insert('Seat', { id, no, who: null });
  if (kind === 'update') return tx.update('Seat', id, { no });
  if (kind === 'delete') return tx.delete('Seat', id);
  return tx.run('INSERT INTO _plugin (n) VALUES (?)', [no]);
}

async function withStore(work: (store: Store, env: ReturnType<typeof simEnv>) => Promise<void>) {
  const database = new TempDatabase();
  const env = simEnv();
  const store = new Store(env, { schema, drivers: database.open() });
  try {
    await store.open(PLUGIN);
    await work(store, env);
  } finally {
    await env.clock.run(store.close());
    database.remove();
  }
}

test('[L1] whichever jobs of a group fail, what is left is what the others did, in rows and in the log', async () => {
  const jobs = fc.array(JOB, { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(jobs, (given) =>
      withStore(async (store, env) => {
        const seats = new Map<string, number>();
        const plugin = new Set<number>();
        const logged: Change[][] = [];
        store.onCommit((commits) => logged.push(...commits.map(({ changes }) => [...changes])));
        const writes = given.map(({ steps, fails }) =>
          store.write(async (job) => {
            for (const step of steps) await perform(job, step);
            if (fails) throw new Error('fails');
          }),
        );
        const results = await env.clock.run(Promise.allSettled(writes));
        const expected: boolean[] = given.map(({ steps, fails }) => {
          const [mine, theirs] = [new Map(seats), new Set(plugin)];
          const taken = (no: number, id: string) =>
            [...mine].some(([key, value]) => value === no && key !== id);
          for (const { kind, id, no } of steps) {
            if (kind === 'plugin' ? theirs.has(no) : (kind === 'insert') === mine.has(id)) return false;
            if ((kind === 'insert' || kind === 'update') && taken(no, id)) return false;
            if (kind === 'plugin') theirs.add(no);
            else if (kind === 'delete') mine.delete(id);
            else mine.set(id, no);
          }
          if (fails) return false;
          seats.clear();
          for (const [key, value] of mine) seats.set(key, value);
          for (const n of theirs) plugin.add(n);
          return true;
        });
        expect(results.map(({ status }) => status === 'fulfilled')).toEqual(expected);
        await store.read(async (snapshot) => {
          const rows = await snapshot.select({ entity: 'Seat' });
          expect(rows).toEqual([...seats].sort().map(([id, no]) => ({ id, no, who: null })));
          const kept = await snapshot.all('SELECT n FROM _plugin ORDER BY n');
          expect(kept.map(({ n }) => n)).toEqual([...plugin].sort());
          expect((await snapshot.since(0, 100)).map(({ changes }) => changes)).toEqual(logged);
        });
        const replayed = new Map<string, unknown>();
        for (const { id, before, after } of logged.flat()) {
          expect(replayed.get(id) ?? null).toEqual(before);
          if (after) replayed.set(id, after);
          else replayed.delete(id);
        }
        expect([...replayed.keys()].sort()).toEqual([...seats.keys()].sort());
      }),
    ),
    { numRuns: 150 },
  );
});

test('[L1] a job that waits for nothing leaves no trace when it fails, and loses none when it succeeds', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { maxLength: 6 }), fc.boolean(), (steps, fails) =>
      withStore(async (store, env) => {
        const asked: Promise<unknown>[] = [];
        const first = { id: 'a', no: 0, who: null };
        await env.clock.run(store.write(({ tx }) => tx.insert('Seat', first)));
        const careless = store.write(async (job) => {
          for (const step of steps) {
            const running = perform(job, step);
            running.catch(() => {});
            asked.push(running);
          }
          if (fails) throw new Error('fails');
        });
        const [{ status }] = await env.clock.run(Promise.allSettled([careless]));
        await Promise.allSettled(asked);
        expect(status).toBe(fails ? 'rejected' : 'fulfilled');
        await store.read(async (snapshot) => {
          const rows = await snapshot.select({ entity: 'Seat' });
          if (fails) expect(rows).toEqual([first]);
          const replayed = new Map<string, unknown>();
          for (const { id, after } of (await snapshot.since(0, 100)).flatMap(({ changes }) => changes)) {
            if (after) replayed.set(id, after);
            else replayed.delete(id);
          }
          expect([...replayed].sort().map(([, row]) => row)).toEqual(rows);
          if (fails) expect(await snapshot.all('SELECT n FROM _plugin')).toEqual([]);
        });
      }),
    ),
    { numRuns: 150 },
  );
});
