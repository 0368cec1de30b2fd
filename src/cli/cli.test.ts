/** The real command in a process of its own, on real files. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, copyFileSync, existsSync, openSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodeEnv } from '../server/node-env.ts';
import { openSqlite } from '../store/sqlite.ts';
import { Store } from '../store/store.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { app } from './testing/notes-app.ts';

const PIN = 'p1n-of-the-note';
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const [notes, numbered] = [here('testing/notes-app.ts'), here('testing/numbered-app.ts')];

let files: TempDatabase;
let epoch: string;

beforeEach(async () => {
  files = new TempDatabase();
  const store = new Store(nodeEnv('silent'), { schema: app.schema, drivers: files.open() });
  await store.open(['CREATE TABLE IF NOT EXISTS _auth_secret (id INTEGER PRIMARY KEY, secret TEXT) STRICT']);
  await store.write(async ({ tx }) => {
    await tx.insert('Note', { id: 'n1', title: 'Hello', ownerId: 'ada', pin: PIN });
    await tx.insert('Member', { id: 'm1', noteId: 'n1', userId: 'bob' });
    await tx.run('INSERT INTO _auth_secret VALUES (1, ?)', [PIN]);
  });
  epoch = store.epoch;
  await store.close();
});
afterEach(() => files.remove());

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const NODE = ['--conditions=ternion-source', here('main.ts')];

function ternion(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...NODE, ...args], (error, out, err) => {
      expect(out + err).not.toContain(PIN);
      resolve({ code: error ? Number(error.code) : 0, out, err });
    });
  });
}
const on = (...args: string[]) => ternion(...args, '--database', files.path);

describe('usage', () => {
  test.each([[[]], [['dance']], [['backup', 'x']], [['migrate', 'x', '--allow', 'anything']]])(
    '%j is called wrongly, and is told how to do it',
    async (args) => {
      const { code, err } = await ternion(...args);
      expect([code, err.includes('Usage: ternion')]).toEqual([2, true]);
    },
  );

  test('help is no failure', async () => {
    const { code, out } = await ternion('--help');
    expect([code, out.includes('migrate')]).toEqual([0, true]);
  });

  test('files that are not there, and modules that are no app', async () => {
    expect(await ternion('inspect', '/nowhere.db')).toMatchObject({
      code: 1,
      err: 'ternion: no database /nowhere.db\n',
    });
    expect(await on('doctor', 'nowhere.ts')).toMatchObject({ code: 1, err: 'ternion: no file nowhere.ts\n' });
    const { code, err } = await on('doctor', here('report.ts'));
    expect([code, err]).toEqual([1, expect.stringContaining('does not export the value of defineApp')]);
    expect(existsSync('nowhere.db')).toBe(false);
  });
});

describe('migrate', () => {
  test('a database that fits needs nothing', async () => {
    expect(await on('migrate', notes)).toMatchObject({ code: 0, out: 'the database fits the schema\n' });
  });

  test('a destructive plan is refused, shown by a dry run, and taken with its data function', async () => {
    const refused = await on('migrate', numbered);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('run: ternion migrate')]);
    const args = ['migrate', numbered, '--allow', 'destructive', '--data', here('testing/numbered-data.ts')];
    const dry = await on(...args, '--dry-run');
    expect(dry.code).toBe(0);
    expect(dry.out).toContain('destructive  change kind of field Note.title\n');
    expect(dry.out).toContain('destructive  drop field Note.pin\n');
    expect(dry.out).toContain('nothing was changed (a dry run); 1 rows would be rewritten\n');
    expect((await on('migrate', notes)).out).toBe('the database fits the schema\n');
    expect((await on(...args)).out).toContain('done; 1 rows were rewritten\n');
    const driver = openSqlite(files.path, { synchronous: 'FULL' });
    expect(await driver.all('SELECT title FROM "Note"')).toEqual([{ title: 5 }]);
    await driver.close();
  });
});

describe('copies', () => {
  test('[L5] a backup is restored under a new epoch, and over a database only by force', async () => {
    const copy = `${files.path}.backup`;
    expect(await ternion('backup', files.path, copy)).toMatchObject({ code: 0 });
    expect(await ternion('backup', files.path, copy)).toMatchObject({
      code: 1,
      err: expect.stringContaining('exists'),
    });
    expect(await ternion('restore', copy, files.path)).toMatchObject({
      code: 1,
      err: expect.stringContaining('--force'),
    });
    expect((await ternion('inspect', files.path)).out).toContain(epoch);
    expect(await ternion('restore', copy, files.path, '--force')).toMatchObject({ code: 0 });
    const { out } = await ternion('inspect', files.path);
    expect(out).not.toContain(epoch);
    expect(out).toMatch(/^Note +1$/m);
  });

  test('[L7] a database is neither restored nor migrated under a server that runs on it', async () => {
    const copy = `${files.path}.backup`;
    await ternion('backup', files.path, copy);
    const { writer, reader } = files.open();
    await reader.all('SELECT * FROM "Note"');
    const busy = { code: 1, err: expect.stringContaining('stop the server first') };
    expect(await ternion('restore', copy, files.path, '--force')).toMatchObject(busy);
    expect(await on('migrate', notes)).toMatchObject(busy);
    await Promise.all([writer.close(), reader.close()]);
    expect(await on('migrate', notes)).toMatchObject({ code: 0 });
  });

  test('a damaged backup is not restored, and the database stays', async () => {
    const copy = `${files.path}.backup`;
    copyFileSync(files.path, copy);
    const file = openSync(copy, 'r+');
    writeSync(file, Buffer.alloc(8192, 0xa5), 0, 8192, 4096);
    closeSync(file);
    expect((await ternion('restore', copy, files.path, '--force')).code).toBe(1);
    expect((await ternion('inspect', files.path)).out).toContain(epoch);
  });
});

describe('doctor', () => {
  test('says what is well, and what nobody may touch', async () => {
    const { code, out } = await on('doctor', notes);
    expect(code).toBe(0);
    for (const line of [
      'the pages are sound',
      'the database fits the schema',
      'nobody may read or write Lost',
    ])
      expect(out).toContain(line);
  });

  test('says what a later version needs', async () => {
    const { code, out } = await on('doctor', numbered);
    expect([code, out]).toEqual([1, expect.stringContaining('run: ternion migrate')]);
  });

  test('[L8] finds a damaged page', async () => {
    const driver = openSqlite(files.path, { synchronous: 'FULL' });
    const [root] = await driver.all(`SELECT rootpage AS n FROM sqlite_schema WHERE name = 'Note'`);
    await driver.close();
    const file = openSync(files.path, 'r+');
    writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, (Number(root!.n) - 1) * 4096);
    closeSync(file);
    const { code, out } = await on('doctor', notes);
    expect([code, out]).toEqual([1, expect.stringContaining('damaged:')]);
  });
});

describe('explain', () => {
  const ask = (as: object | undefined, ...rest: string[]) =>
    on('explain', notes, ...rest, ...(as ? ['--as', JSON.stringify(as)] : []));

  test('why a viewer may read a row, and why not; server-only values are not shown', async () => {
    const bob = await ask({ userId: 'bob' }, 'read', 'Note', 'n1');
    expect(bob.out).toContain('allowed by: data.pin');
    expect(bob.out).toContain('auth.userId  =  "bob"');
    expect(bob.out).toContain('data.pin  =  (server-only)');
    expect(bob.out).toMatch(/exists\(.*\) {2}= {2}true/);
    const eve = await ask({ userId: 'eve' }, 'read', 'Note', 'n1');
    expect([eve.code, eve.out]).toEqual([0, expect.stringContaining('denied by:')]);
    const nobody = await ask(undefined, 'read', 'Note', 'n1');
    expect(nobody.out).toContain('auth.userId  =  null');
    const update = await ask({ userId: 'ada' }, 'update', 'Note', 'n1');
    expect(update.out).toBe('denied: no policy says anything about this\n');
  });

  test.each([
    [['look', 'Note', 'n1'], 'the action is one of'],
    [['read', 'Nothing', 'n1'], 'Nothing'],
    [['read', 'Note', 'n2'], 'no Note n2'],
    [['read', 'Note', 'n1', '--as', '{"user":1}'], '--as'],
  ])('%j cannot be answered', async (args, message) => {
    expect(await ask(undefined, ...args)).toMatchObject({ code: 1, err: expect.stringContaining(message) });
  });
});

describe('start', () => {
  test('[N2] runs the app until it is told to end, even as soon as it says that it listens', async () => {
    const child = spawn(process.execPath, [...NODE, 'start', notes, '--port', '0', '--database', files.path]);
    let out = '';
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk) => {
        out += chunk;
        if (out.includes('server.listen')) resolve();
      });
    });
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('[P1] an app that does not fit the database is refused, with the command to run', async () => {
    const { code, err } = await on('start', numbered, '--port', '0');
    expect([code, err]).toEqual([1, expect.stringContaining('run: ternion migrate')]);
  });
});

describe('link', () => {
  test('what goes through it takes its time', async () => {
    const server = createServer((_request, response) => response.end('hello'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const to = typeof address === 'object' && address ? String(address.port) : '';
    const child = spawn(process.execPath, [...NODE, 'link', to, '--port', '0', '--latency', '40']);
    const [line] = await once(child.stdout, 'data');
    const url = /http:\S+/.exec(String(line))![0];
    const beginMs = performance.now();
    expect(await (await fetch(url)).text()).toBe('hello');
    expect(performance.now() - beginMs).toBeGreaterThanOrEqual(79);
    child.kill('SIGTERM');
    await once(child, 'exit');
    server.closeAllConnections();
    server.close();
  });

  test('a quality that cannot be is refused', async () => {
    expect(await ternion('link', '4321', '--loss', '101')).toMatchObject({
      code: 1,
      err: 'ternion: loss is in percent\n',
    });
    expect(await ternion('link', 'here')).toMatchObject({
      code: 1,
      err: 'ternion: to must be a number from 0 on\n',
    });
  });
});
