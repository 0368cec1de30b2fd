/** For tests: a store with watched queries, and clients that keep what they are told as a real one does. */
import { expect } from 'vitest';
import type { Json, JsonObject } from '../../base/json.ts';
import { Registry } from '../../functions/registry.ts';
import { WatchedQueries } from '../../functions/watched-queries.ts';
import { Access } from '../../policy/access.ts';
import type { Viewer } from '../../policy/viewer.ts';
import { applyPatch } from '../../protocol/json-patch.ts';
import type { AnswerEntry, ServerMessage } from '../../protocol/server-message.ts';
import type { FunctionTree } from '../../schema/app-shape.ts';
import type { Schema } from '../../schema/define-schema.ts';
import { Store } from '../../store/store.ts';
import type { Transaction } from '../../store/transaction.ts';
import { simEnv } from '../../testing/sim-env.ts';
import type { TempDatabase } from '../../testing/temp-database.ts';
import { DEFAULT_WATCH, type WatchLimits } from '../limits.ts';
import { QueryWatch } from '../query-watch.ts';
import { WatchSession } from '../watch-session.ts';

export const viewerOf = (userId: string): Viewer => ({ userId, kind: 'user', roles: [], name: null });

/** One client: what it was told, and what it holds. */
export class Watcher {
  readonly session: WatchSession;
  readonly messages: ServerMessage[] = [];
  readonly values = new Map<number, Json>();
  readonly errors = new Map<number, string>();
  /** Characters in `answer` messages. */
  received = 0;
  /** Messages that it takes before its lane is full. */
  room = Number.POSITIVE_INFINITY;
  to = -1;

  constructor(queries: QueryWatch, userId: string) {
    const send = (message: ServerMessage) => this.#take(message);
    const rows = { send: (text: string) => this.#row(text) };
    this.session = new WatchSession(queries, { rows, send }, viewerOf(userId));
  }

  get answers() {
    return this.messages.flatMap((message) => (message.t === 'answer' ? [message] : []));
  }

  get dropped() {
    return this.messages.flatMap((message) => (message.t === 'dropped' ? [message] : []));
  }

  #row(text: string): boolean {
    if (this.room <= 0) return false;
    this.room--;
    this.received += text.length;
    this.#take(JSON.parse(text));
    return true;
  }

  #take(message: ServerMessage): void {
    this.messages.push(message);
    if (message.t === 'dropped') this.values.delete(message.id);
    if (message.t !== 'answer') return;
    expect(message.to).toBeGreaterThanOrEqual(this.to);
    this.to = message.to;
    for (const entry of message.answers) this.#entry(entry);
  }

  #entry({ id, value, patch, error }: AnswerEntry): void {
    this.errors.delete(id);
    if (error) this.errors.set(id, error.code);
    else this.values.set(id, patch ? applyPatch(this.values.get(id)!, patch) : value!);
  }
}

export async function watching(
  database: Pick<TempDatabase, 'open'>,
  app: { schema: Schema; functions: FunctionTree },
  limits: Partial<WatchLimits> = {},
) {
  const env = simEnv();
  const { schema, functions } = app;
  const store = new Store(env, { schema, drivers: database.open() });
  await store.open();
  const access = new Access(schema, () => env.clock.now());
  const registry = new Registry(functions);
  const queries = new WatchedQueries(env, { schema, access, registry });
  const watches = new QueryWatch({ env, store, queries }, { ...DEFAULT_WATCH, ...limits });
  store.onCommit((commits) => watches.commit(commits));

  /** One transaction for each job, all in one COMMIT; and all that follows from them. */
  async function write(...jobs: ((tx: Transaction) => Promise<unknown>)[]): Promise<void> {
    const done = Promise.all(jobs.map((job) => store.write(({ tx }) => job(tx))));
    await env.clock.advance(1);
    await done;
  }
  const put = (entity: string, ...rows: (JsonObject & { id: string })[]) =>
    write(async (tx) => {
      for (const { id, ...data } of rows)
        await tx.insert(entity, schema.entity(entity).parseInsert(id, data));
    });
  const update = (entity: string, id: string, patch: JsonObject) =>
    write((tx) => tx.update(entity, id, patch));
  const remove = (entity: string, id: string) => write((tx) => tx.delete(entity, id));
  const watcher = (userId = 'ada') => new Watcher(watches, userId);
  return { env, store, watches, write, put, update, remove, watcher };
}
export type Watching = Awaited<ReturnType<typeof watching>>;
