/** `ternion replay` in a process of its own, on a recording of the app of a guide. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { village } from '../../examples/guides/lasting-shards-defs.ts';
import { SimLasting } from './sim-lasting.ts';

const here = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const app = here('examples/guides/lasting-shards.ts');

function ternion(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const node = ['--conditions=ternion-source', here('src/cli/main.ts'), ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, node, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err });
    });
  });
}

test('[T1] ternion replay says that a recording is right, and where it is not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ternion-replay-'));
  const path = join(folder, 'home.recording');
  const sim = new SimLasting();
  await sim.start({ village }, { start: [{ shard: 'village', id: 'home' }], threads: 0 });
  const record = sim.directory.record(village, 'home', { path, hashTicks: 1 });
  const recording = await sim.files(record);
  const { handle } = await sim.join(village, { userId: 'ann' }, { id: 'home' });
  handle.send({ chop: true });
  await sim.env.clock.advance(3000);
  const { world } = sim.directory.find(village, 'home')!;
  // The world goes on while the file is closed.
  const [tick, hash] = [world.tick, world.hash()];
  await sim.files(recording.stop());
  const right = await ternion('replay', app, path);
  expect(right).toMatchObject({ code: 0, err: '' });
  expect(right.out).toMatch(
    new RegExp(`^village/home, ticks \\d+ to ${tick}: 3\\d hashes and 0 states are equal`),
  );
  // Another hash, as of another world.
  const bytes = readFileSync(path);
  const last = bytes.lastIndexOf(hash);
  bytes.write('0000', last);
  writeFileSync(path, bytes);
  const wrong = await ternion('replay', app, path);
  expect(wrong.code).toBe(1);
  expect(wrong.out).toContain(`DIFFERS at tick ${tick}: the hash differs; up to ${tick - 1}`);
  const none = await ternion('replay', app, join(folder, 'none'));
  expect(none).toMatchObject({ code: 1, err: expect.stringContaining('no file') });
  const other = await ternion('replay', here('src/cli/testing/notes-app.ts'), path);
  expect(other.err).toContain('has the command replay');
  rmSync(folder, { recursive: true });
}, 60_000);
