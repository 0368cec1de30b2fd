/**
 * A restart as players feel it: from kill -9 of a server with a shard, which is started again at once, until all of its
 * players play in the seats that they had. The input log is on and nearly as long as it gets.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSyncEngine, guestToken } from 'ternion/client';
import { joinShard } from 'ternion/shards/client';
import type { Sample, Workload } from './figure.ts';
import { meadow } from './restart-app.ts';

const PLAYERS = 20;
/** Of play, before the kill. */
const PLAY_MS = 9000;
const LIMIT_MS = 30_000;

async function begin(port: number, database: string): Promise<{ child: ChildProcess; port: number }> {
  const execArgv = ['--conditions=ternion-source'];
  const child = fork(join(import.meta.dirname, 'restart-server.ts'), [String(port), database], { execArgv });
  const [told] = await once(child, 'message', { signal: AbortSignal.timeout(LIMIT_MS) });
  return { child, port: Number(told) };
}

async function kill(child: ChildProcess): Promise<void> {
  const dead = once(child, 'exit');
  child.kill('SIGKILL');
  await dead;
}

async function until(done: () => boolean): Promise<void> {
  const endMs = performance.now() + LIMIT_MS;
  while (!done()) {
    if (performance.now() > endMs) throw new Error('the players do not come back');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function restart(): Promise<Sample> {
  const folder = mkdtempSync(join(tmpdir(), 'ternion-bench-'));
  const database = join(folder, 'restart.db');
  let { child, port } = await begin(0, database);
  const url = `http://127.0.0.1:${port}`;
  const players = await Promise.all(
    Array.from({ length: PLAYERS }, async () => {
      const options = {
        token: await guestToken(url),
        persist: false,
        reconnectDelay: 200,
        maxReconnectDelay: 1000,
      };
      const engine = createSyncEngine(url, options);
      await engine.start();
      const handle = joinShard(engine, meadow, { id: 'm' });
      handle.send({ move: { x: 1, y: 0 } });
      return { engine, handle };
    }),
  );
  try {
    await until(() => players.every(({ handle }) => handle.me !== undefined));
    await new Promise((resolve) => setTimeout(resolve, PLAY_MS));
    const ids = players.map(({ handle }) => handle.me?.id);
    const frames = players.map(({ handle }) => handle.stats.frames);
    const beganMs = performance.now();
    await kill(child);
    ({ child, port } = await begin(port, database));
    const serverMs = performance.now() - beganMs;
    await until(() =>
      players.every(
        ({ handle }, i) => handle.state.name === 'playing' && handle.stats.frames > frames[i]! + 1,
      ),
    );
    const seconds = (performance.now() - beganMs) / 1000;
    if (players.some(({ handle }, i) => handle.me?.id !== ids[i])) throw new Error('a seat was lost');
    return { 'netcode.restart-seconds': seconds, 'netcode.restart-server-seconds': serverMs / 1000 };
  } finally {
    for (const { engine, handle } of players) {
      handle.leave();
      await engine.close();
    }
    await kill(child);
    rmSync(folder, { recursive: true, force: true });
  }
}

export const restartWorkloads: Record<string, () => Workload> = {
  'netcode.restart-seconds': () => ({
    units: { 'netcode.restart-seconds': 's', 'netcode.restart-server-seconds': 's' },
    run: restart,
  }),
};
