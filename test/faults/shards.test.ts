/** A real process with a shard is killed with -9 while people play, and begins again on its files. */
import { createSyncEngine, guestToken, type SyncEngine } from 'ternion/client';
import { s } from 'ternion/shards';
import { joinShard, type ShardHandle } from 'ternion/shards/client';
import { SimRandom, TempDatabase } from 'ternion/testing';
import { expect, test } from 'vitest';
import { walk } from './shards-app.ts';
import { Victim } from './victim.ts';

const restored = s.object({ tick: s.int(), steps: s.array(s.int()) });

const PLAYERS = 3;
const EVERY_MS = 1000;
/** From when the server listens until all play again. */
const BACK_MS = 3000;

async function until(what: string, done: () => boolean, limitMs: number): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!done()) {
    if (performance.now() > endMs) throw new Error(`${what}: not within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Players who walk on and on, in a process on `options`. */
async function walking(options: object) {
  const database = new TempDatabase();
  const victim = new Victim(database.path, './shards-server.ts', [JSON.stringify(options)]);
  await victim.start();
  const players: { engine: SyncEngine; handle: ShardHandle<typeof walk> }[] = [];
  for (let i = 0; i < PLAYERS; i++) {
    const token = await guestToken(victim.url);
    const options = { token, persist: false, reconnectDelay: 100, maxReconnectDelay: 500 };
    const engine = createSyncEngine(victim.url, options);
    await engine.start();
    players.push({ engine, handle: joinShard(engine, walk, { id: 'w' }) });
  }
  for (const { handle } of players) {
    handle.send({ go: true });
  }
  /** The newest tick that the server has told, and what of each player's steps another one has been shown. */
  const seen = () => ({
    tick: Math.max(...players.map(({ handle }) => handle.clock.tick)),
    steps: players.map(({ handle }, i) => {
      const others = players[(i + 1) % PLAYERS]!.handle.entities;
      return others.find(({ id }) => id === handle.me?.id)?.steps ?? 0;
    }),
  });
  await until('all play', () => seen().steps.every((steps) => steps > 5), 20_000);
  const ids = players.map(({ handle }) => handle.me!.id);
  return {
    victim,
    seen,
    /** All play again, on their own entities. */
    async back() {
      const begun = players.map(({ handle }) => handle.stats.frames);
      const again = () =>
        players.every(
          ({ handle }, i) => handle.state.name === 'playing' && handle.stats.frames > begun[i]! + 2,
        );
      await until('all play again', again, BACK_MS);
      expect(players.map(({ handle }) => handle.me!.id)).toEqual(ids);
    },
    async close() {
      for (const { engine, handle } of players) {
        handle.leave();
        await engine.close();
      }
      await victim.end('SIGKILL');
      database.remove();
    },
  };
}

test.each([
  { inputLog: false, lostMs: EVERY_MS, kills: 3 },
  { inputLog: true, lostMs: 0, kills: 5 },
])(
  '[T7] after kill -9 all are back in their seats within 3 s; with inputLog $inputLog at most $lostMs ms of the world is lost',
  async ({ inputLog, lostMs, kills }) => {
    const random = new SimRandom(3);
    const { victim, seen, back, close } = await walking({ checkpoint: { everyMs: EVERY_MS, inputLog } });
    for (let kill = 0; kill < kills; kill++) {
      await new Promise((resolve) => setTimeout(resolve, 1200 + random.next() * EVERY_MS));
      const before = seen();
      await victim.end('SIGKILL');
      await victim.start();
      await back();
      // What the process began with, before anybody was there.
      const now = restored.parse(victim.told);
      // A tick is told the moment that it is computed, and durable a commit later: some are computed once more.
      const lostTicks = (lostMs * walk.tickRate) / 1000 + 4;
      expect(now.tick).toBeGreaterThan(before.tick - lostTicks);
      for (const [i, steps] of now.steps.entries())
        expect(steps).toBeGreaterThan(before.steps[i]! - lostTicks);
    }
    await close();
  },
  120_000,
);

test('[N2] [T7] SIGTERM: the exit code is 0, and the next process has the world as it was', async () => {
  const { victim, seen, back, close } = await walking({ checkpoint: { everyMs: 600_000 } });
  await new Promise((resolve) => setTimeout(resolve, 2000));
  expect(await victim.end('SIGTERM')).toBe(0);
  const before = seen();
  await victim.start();
  const now = restored.parse(victim.told);
  await back();
  for (const [i, steps] of now.steps.entries()) expect(steps).toBeGreaterThanOrEqual(before.steps[i]!);
  await close();
}, 60_000);
