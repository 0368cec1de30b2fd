/** What only the materialiser's worker can do: begin anew, and not hold the process. */
import { spawnSync } from 'node:child_process';
import { LoroDoc } from 'loro-crdt';
import { afterEach, expect, test } from 'vitest';
import { DEFAULT_DOCS, type DocsOptions } from '../../crdt/server/options.ts';
import { WorkerHost } from '../../crdt/server/worker-host.ts';
import type { Fault } from '../../src/base/fault.ts';
import { nodeEnv } from '../../src/server/node-env.ts';

/** An update of 201 bytes with one byte changed and its checksum refitted: importing it panics. */
const TRAP = Buffer.from(
  'bG9ybwAAAAAAAAAAAAAAAAKPUnQABLEBAA8ADwEQAQEAAAAAAAAAAQEAAAAAAAUBAAABABADBAECAAAEAQQAAgQBAwAEBgF0AWwBcg8BAgIGAAkDAYACgYACgoA6AQQNAQAEAgMDAAQCAwMABAIBAwsKAAMCAQQABQQDAA0XBQsQCQULEAkFCxAJDAECBgEBAgYBAQIGAQ8BAwIGAAQBAAQKBAECBAAhAmFiBwEDAAADAAECYWIHAQMBAAgBAQJhYgcBAwIADQIB',
  'base64url',
);
const update = (text: string) => {
  const doc = new LoroDoc();
  doc.getText('body').insert(0, text);
  doc.commit();
  return doc.export({ mode: 'update' });
};
const FINE = update('fine');

let host: WorkerHost;
let aheadMs = 0;
function begin(given: Partial<DocsOptions> = {}): WorkerHost {
  const env = nodeEnv('silent');
  const clock = { ...env.clock, monotonic: () => env.clock.monotonic() + aheadMs };
  host = new WorkerHost({ ...env, clock }, { ...DEFAULT_DOCS, ...given });
  return host;
}
afterEach(async () => {
  aheadMs = 0;
  await host.close();
});
const codeOf = (task: Promise<unknown>) =>
  task.then(
    () => 'fine',
    (error: Fault) => error.code,
  );
const snapshot = (bytes: Uint8Array) => codeOf(host.run('snapshotOf', {}, [bytes]));

test('[D3] a trap fails its own job; after maxTraps of them the worker is replaced, and no job is lost', async () => {
  begin({ maxTraps: 3 });
  const { life } = host;
  expect(await Promise.all([TRAP, FINE, TRAP, FINE].map(snapshot))).toEqual([
    'internal',
    'fine',
    'internal',
    'fine',
  ]);
  expect(host.life).toBe(life);
  expect(await Promise.all([TRAP, FINE].map(snapshot))).toEqual(['internal', 'fine']);
  expect(host.life).toBe(life + 1);
  expect(await snapshot(FINE)).toBe('fine');
});

test('[N3] a job over jobTimeoutMs ends the worker; the next one begins another', async () => {
  const thread = begin({ jobTimeoutMs: 1 });
  expect(await Promise.all([snapshot(FINE), snapshot(FINE)])).toEqual(['timeout', 'timeout']);
  expect(thread.life).toBe(1);
  await thread.close();
  begin();
  expect(await snapshot(FINE)).toBe('fine');
});

test('[N3] one job more than maxJobs is refused', async () => {
  begin({ maxJobs: 2 });
  const jobs = [1, 2, 3].map(() => snapshot(FINE));
  expect(await Promise.all(jobs)).toEqual(['fine', 'fine', 'overloaded']);
});

test('a worker whose memory has grown is replaced when it is idle, and not all the time', async () => {
  begin({ maxWorkerBytes: 1 });
  expect(await snapshot(FINE)).toBe('fine');
  expect(host.life).toBe(0);
  aheadMs = 60_000;
  expect(await Promise.all([snapshot(FINE), snapshot(FINE)])).toEqual(['fine', 'fine']);
  expect(host.life).toBe(1);
  expect(await snapshot(FINE)).toBe('fine');
});

test('a shadow of a worker that was replaced is unknown, not empty', async () => {
  begin({ maxTraps: 1 });
  const feed = { shadow: 1, columns: [{ field: 'body', container: 'text' as const }] };
  const { json } = await host.run('read', { ...feed, fresh: true }, [FINE]);
  expect(json).toEqual({ body: 'fine' });
  await snapshot(TRAP);
  expect(await codeOf(host.run('read', { ...feed, fresh: false }, []))).toBe('unavailable');
});

test('after close, jobs under way and later ones are refused', async () => {
  begin();
  const job = snapshot(FINE);
  await host.close();
  expect(await job).toBe('unavailable');
  expect(await snapshot(FINE)).toBe('unavailable');
});

test('a process ends though the worker was not closed', () => {
  const script = `
    import { LoroDoc } from 'loro-crdt';
    import { DEFAULT_DOCS } from './crdt/server/options.ts';
    import { WorkerHost } from './crdt/server/worker-host.ts';
    import { nodeEnv } from './src/server/node-env.ts';
    const host = new WorkerHost(nodeEnv('silent'), DEFAULT_DOCS);
    const { bytes } = await host.run('snapshotOf', {}, [new LoroDoc().export({ mode: 'update' })]);
    console.log(bytes.length);
  `;
  const args = ['--input-type=module', '--eval', script];
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 15_000 });
  expect({ stdout, status }).toEqual({ stdout: '1\n', status: 0 });
});
