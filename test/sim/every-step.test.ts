/**
 * After every single step of a simulation: what a page has on its disk, and what it shows, is what its user
 * might see at one moment of the server's history, and never at an earlier one than before.
 */
import { isDeepStrictEqual } from 'node:util';
import { type SimClient, simulate, type World } from 'ternion/testing';
import { expect } from 'vitest';
import { History, type Rows } from './history.ts';
import { ROOMS, stepsApp, USERS, visible } from './steps-app.ts';
import { trouble } from './trouble.ts';

type StepsApp = ReturnType<typeof stepsApp>;
type Client = SimClient<StepsApp>;
const STEPS = 60;
const ENTITIES = ['Member', 'Message'] as const;
const options = { app: stepsApp, host: { outbox: { highWaterBytes: 500, rowsBytes: 1000 } } };

class Watcher {
  readonly #history: History<StepsApp>;
  readonly #client: Client;
  /** What it shows to this user is of this moment or of a later one. */
  #shown = 0;
  #viewer: string | null = null;
  #saved = 0;
  #owner: string | null | undefined;

  constructor(history: History<StepsApp>, client: Client) {
    this.#history = history;
    this.#client = client;
  }

  look(): void {
    const { cursor, rows, ops, owner } = this.#client.disk;
    if (owner !== this.#owner) [this.#owner, this.#saved] = [owner, 0];
    const ownerId = USERS.find((name) => owner === `user:${name}`) ?? null;
    if (cursor) {
      expect(cursor.seq, '[S2] the cursor on the disk').toBeGreaterThanOrEqual(this.#saved);
      this.#saved = cursor.seq;
      expect(plain(rows), '[S3] [S8] the rows on the disk').toEqual(this.#visibleAt(cursor.seq, ownerId));
    }
    if (this.#client.crashed) {
      [this.#viewer, this.#shown] = [ownerId, this.#saved];
      return;
    }
    const { store, mutations, session } = this.#client.engine;
    if (!session) {
      expect(store.knowledge, '[S8] nothing is shown before it is known to whom').toBe('unknown');
      return;
    }
    const user = session.userId;
    if (user !== this.#viewer) [this.#viewer, this.#shown] = [user, 0];
    // An op is on the disk until the rows cover it.
    const layered = mutations.pending().length > 0 || [...ops.values()].some((op) => op.status === 'pending');
    if (store.knowledge === 'unknown' || layered) return;
    const shown = Object.fromEntries(ENTITIES.map((entity) => [entity, this.#client.rows(entity)]));
    for (let seq = this.#shown; seq <= this.#history.seq; seq++) {
      if (!isDeepStrictEqual(this.#visibleAt(seq, user), shown)) continue;
      this.#shown = seq;
      return;
    }
    expect(shown, `[S2] [S8] what is shown to ${user}, at ${this.#shown} or later`).toEqual(
      this.#visibleAt(this.#history.seq, user),
    );
  }

  #visibleAt(seq: number, user: string | null): Record<string, unknown> {
    return plain(visible(this.#history.at(seq), user));
  }
}

function plain(rows: Rows): Record<string, unknown> {
  return Object.fromEntries(ENTITIES.map((entity) => [entity, Object.fromEntries(rows.get(entity) ?? [])]));
}

function write(world: World<StepsApp>, { engine }: Client): void {
  const { random } = world.env;
  const [members, messages] = [engine.store.list('Member'), engine.store.list('Message')];
  const [roomId, userId] = [random.pick(ROOMS), random.pick(USERS)];
  const pick = random.int(8);
  try {
    if (pick <= 1 || members.length === 0) engine.insert('Member', { roomId, userId });
    else if (pick === 2) engine.delete('Member', random.pick(members).id);
    else if (pick === 3) engine.update('Member', random.pick(members).id, { roomId });
    else if (pick <= 5 || messages.length === 0) engine.insert('Message', { roomId, text: 'new' });
    else if (pick === 6) engine.update('Message', random.pick(messages).id, { roomId });
    else engine.delete('Message', random.pick(messages).id);
  } catch {
    // A page that does not know yet who it is cannot write; so it is for people.
  }
}

simulate(
  '[S2] [S3] [S4] [S6] [S8] every step: disk and page show one moment of what their user may see',
  options,
  async (world) => {
    const { random, clock } = world.env;
    const history = new History(world);
    await history.follow();
    for (const user of [...USERS, USERS[0]]) await world.client(user!);
    const watchers = world.clients.map((client) => new Watcher(history, client));
    for (let i = 0; i < STEPS; i++) {
      const client = random.pick(world.clients);
      if (random.chance(0.05) && !client.crashed) client.become(random.pick(USERS));
      else if (random.chance(0.3)) {
        const wasUp = world.up;
        await trouble(world, client);
        if (!wasUp && world.up) await history.follow();
      } else if (!client.crashed) write(world, client);
      const end = clock.monotonic() + random.int(120);
      while (clock.monotonic() < end && (await clock.step())) {
        for (const watcher of watchers) watcher.look();
      }
    }
    if (!world.up) {
      await world.start();
      await history.follow();
    }
    await world.settle();
    for (const watcher of watchers) watcher.look();
    expect(history.seq).toBe(world.host.store.seq);
  },
);
