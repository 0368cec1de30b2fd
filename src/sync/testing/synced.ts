/** For tests: a store with its fan-out, and readers on it. */
import type { JsonObject } from '../../base/json.ts';
import { Access } from '../../policy/access.ts';
import type { Viewer } from '../../policy/viewer.ts';
import type { Cursor } from '../../protocol/row-batch.ts';
import type { Schema } from '../../schema/define-schema.ts';
import { Store } from '../../store/store.ts';
import type { Transaction } from '../../store/transaction.ts';
import { simEnv } from '../../testing/sim-env.ts';
import type { TempDatabase } from '../../testing/temp-database.ts';
import { FanOut } from '../fan-out.ts';
import { DEFAULT_LIVE, DEFAULT_SURVEY, type LiveLimits, type SurveyLimits } from '../limits.ts';
import { LiveRows } from '../live-rows.ts';
import { Replica } from '../replica.ts';
import { Surveyor } from '../survey.ts';
import { Visibility } from '../visibility.ts';
import { Reader } from './reader.ts';

export const viewerOf = (userId: string): Viewer => ({ userId, kind: 'user', roles: [], name: null });

export async function synced(
  database: TempDatabase,
  {
    schema,
    limits = {},
    live: liveLimits = {},
  }: { schema: Schema; limits?: Partial<SurveyLimits>; live?: Partial<LiveLimits> },
) {
  const env = simEnv();
  const { clock } = env;
  const store = new Store(env, { schema, drivers: database.open() });
  await store.open();
  const access = new Access(schema, () => clock.now());
  const visibility = new Visibility(schema, access);
  const surveyor = new Surveyor({ schema, access }, { ...DEFAULT_SURVEY, ...limits });
  const live = new LiveRows(
    {
      env,
      schema,
      store,
      access,
      visibility,
      surveyor: new Surveyor({ schema, access, sync: 'query' }, { ...DEFAULT_SURVEY, ...limits }),
    },
    { ...DEFAULT_LIVE, ...liveLimits },
  );
  const fanOut = new FanOut({ access, visibility, surveyor, live }, store.seq);
  store.surveyWith((tx, commit) => fanOut.survey(tx, commit));
  store.onCommit((commits) => fanOut.commit(commits));

  /** One transaction for each job, all in one COMMIT. */
  async function write(...jobs: ((tx: Transaction) => Promise<unknown>)[]): Promise<void> {
    const done = Promise.all(jobs.map((job) => store.write(({ tx }) => job(tx))));
    await clock.advance(1);
    await done;
  }
  const put = (entity: string, ...rows: (JsonObject & { id: string })[]) =>
    write(async (tx) => {
      for (const { id, ...data } of rows)
        await tx.insert(entity, schema.entity(entity).parseInsert(id, data));
    });
  const replicaOf = (reader: Reader, userId: string) =>
    new Replica(
      { env, store, fanOut, visibility, surveyor, live, maxSubscriptions: 10 },
      reader,
      viewerOf(userId),
    );
  async function join(userId: string, cursor: Cursor | null = null) {
    const reader = new Reader();
    const replica = replicaOf(reader, userId);
    replica.start(cursor);
    await clock.advance(10);
    return { reader, replica };
  }
  /** The ids that a query under the viewer's identity returns, in order. */
  const visible = (userId: string, entity: string): Promise<string[]> =>
    clock.run(
      store.read(async (snapshot) => {
        const rows = await snapshot.select({ entity }, access.reads(entity, viewerOf(userId)).clause);
        return rows.map(({ id }) => String(id));
      }),
    );
  return { env, clock, store, access, fanOut, live, write, put, join, replicaOf, visible };
}
export type Synced = Awaited<ReturnType<typeof synced>>;
