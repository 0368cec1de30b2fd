/** The same rows and the same callers at every door to rows; a door that is not in the table fails. [P3] */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { docs } from '../../crdt/server/plugin.ts';
import { shards } from '../../shards/server/plugin.ts';
import { DbReader } from '../../src/functions/db-reader.ts';
import { DbWriter } from '../../src/functions/db-writer.ts';
import { RowQuery } from '../../src/functions/row-query.ts';
import { defineApp } from '../../src/plugin/define-app.ts';
import type { RowOp } from '../../src/protocol/row-batch.ts';
import { rooms } from '../../src/rooms/plugin.ts';
import { createServer, type Server } from '../../src/server/create-server.ts';
import { TempDatabase } from '../../src/testing/temp-database.ts';
import { CALLERS, callers, openSocket, watchOnce } from './function-doors.ts';
import {
  type PageMessage,
  pollDoor,
  pushDoor,
  type ReadDoor,
  replicaDoor,
  restDoors,
  roomDoor,
  send,
  subscribeDoor,
  syncDoors,
  tryDoc,
  type WriteDoor,
} from './row-doors.ts';
import { contexts, reads, schema, writes } from './rows-app.ts';

/** What nobody, guest, user (the owner) and admin find. Of the `kept` one the guest has the box. */
const SEES = {
  open: [true, true, true, true],
  shut: [false, false, true, true],
  kept: [false, true, true, true],
};
const MAY = {
  insert: {
    open: ['forbidden', 'forbidden', 'ok', 'forbidden'],
    shut: ['forbidden', 'forbidden', 'ok', 'forbidden'],
    kept: ['forbidden', 'forbidden', 'ok', 'forbidden'],
  },
  update: {
    open: ['forbidden', 'forbidden', 'ok', 'forbidden'],
    shut: ['not_found', 'not_found', 'ok', 'forbidden'],
    kept: ['not_found', 'forbidden', 'ok', 'forbidden'],
  },
  delete: {
    open: ['forbidden', 'forbidden', 'forbidden', 'ok'],
    shut: ['not_found', 'not_found', 'forbidden', 'ok'],
    kept: ['not_found', 'forbidden', 'forbidden', 'ok'],
  },
};
type Row = keyof typeof SEES;
type Action = keyof typeof MAY;
const ROWS = Object.keys(SEES) as Row[];

let database: TempDatabase;
let server: Server;
const readDoors: Record<string, ReadDoor> = {};
const writeDoors: Record<string, { action: Action; call: WriteDoor }> = {};

beforeAll(async () => {
  database = new TempDatabase();
  const app = defineApp({
    schema,
    functions: { reads, writes, contexts },
    plugins: [callers, docs(), shards({}), rooms({ rooms: [{ prefix: 'note:', entity: 'Note' }] })],
  });
  const options = { port: 0, database: database.path, logLevel: 'silent', signals: false } as const;
  server = await createServer(app, options);
  const { url } = server;
  const rest = restDoors(url);
  const fn = (name: string) => async (as: (typeof CALLERS)[number], id: string) =>
    send(`${url}/api/fn/${name}`, as, { method: 'POST', body: JSON.stringify({ id }) });
  const sync = syncDoors(url);
  Object.assign(readDoors, rest.reads, sync.reads);
  readDoors['POST /api/sync/pull'] = pollDoor(url);
  for (const name of Object.keys(reads)) {
    readDoors[`ctx: ${name}`] = async (as, id) => (await fn(`reads.${name}`)(as, id)).body.value;
  }
  for (const name of WATCHED) {
    readDoors[`watch: ${name}`] = async (as, id) => {
      const socket = await openSocket(url, as);
      const { answer } = await watchOnce(socket, { fn: `reads.${name}`, args: { id } });
      socket.end();
      return answer?.value === true;
    };
  }
  readDoors['replica: pages'] = replicaDoor(url);
  readDoors['replica: batches'] = batchDoor;
  readDoors['subscribe: rows'] = subscribeDoor(url);
  readDoors['subscribe: a limit'] = subscribeDoor(url, { limit: 1 });
  readDoors['subscribe: changes'] = subscribeDoor(url, { change: changeLine });
  readDoors['doc: join'] = async (as, id) => (await tryDoc(url, as, id)).seen;
  readDoors['room: join'] = roomDoor(url);
  const add = (name: string, action: Action, call: WriteDoor) => (writeDoors[name] = { action, call });
  for (const [name, call] of Object.entries(rest.writes)) {
    const action = name.startsWith('POST') ? 'insert' : name.startsWith('PATCH') ? 'update' : 'delete';
    add(name, action, call);
  }
  for (const name of Object.keys(writes)) {
    const action = name === 'replace' ? 'update' : (name as Action);
    add(`ctx: ${name}`, action, async (as, id) => (await fn(`writes.${name}`)(as, id)).code);
  }
  for (const kind of Object.keys(MAY) as Action[]) add(`push: ${kind}`, kind, pushDoor(url, kind));
  add('POST /api/sync/push', 'insert', sync.push);
  add('doc: push', 'update', async (as, id) => (await tryDoc(url, as, id)).edit);
});
afterAll(async () => {
  await server.close();
  database.remove();
});

/** A row that is not changed by any other door. */
async function make(row: Row, name: string): Promise<string> {
  const id = `${row}-${name}`.replaceAll(/[^\w-]/g, '_').slice(0, 64);
  const note = { ownerId: 'u', boxId: id, open: row === 'open', title: '', secret: 'hidden', body: '' };
  await server.host.store.write(async ({ tx }) => {
    await tx.insert('Note', { id, ...note });
    await tx.insert('Line', { id, ownerId: 'u', boxId: id, open: note.open, title: '' });
    await tx.insert('Box', { id, noteId: id, keeperId: row === 'kept' ? 'g' : '' });
  });
  return id;
}

async function changeLine(as: string, id: string): Promise<string> {
  const marker = await make('open', `line marker of ${as} ${id}`);
  for (const one of [id, marker])
    await server.host.store.write(({ tx }) => tx.update('Line', one, { title: `for ${as}` }));
  return marker;
}

/** What a replica hears of a change, up to a change that everybody hears of. */
const batchDoor: ReadDoor = async (as, id) => {
  const socket = await openSocket(server.url, as);
  for (;;) {
    const page = (await socket.heard('page')) as unknown as PageMessage;
    if (page.last) break;
  }
  const marker = await make('open', `marker of ${as} ${id}`);
  await server.host.store.write(({ tx }) => tx.update('Note', id, { title: `for ${as}` }));
  await server.host.store.write(({ tx }) => tx.update('Note', marker, { title: 'for all' }));
  for (let seen = false; ; ) {
    const { ops } = (await socket.heard('batch')) as unknown as { ops: RowOp[] };
    seen ||= ops.some(({ entity, row_id }) => entity === 'Note' && row_id === id);
    if (!ops.some(({ row_id, kind }) => row_id === marker && kind === 'update')) continue;
    socket.end();
    return seen;
  }
};

const WATCHED = Object.entries(reads).flatMap(([name, { kind }]) => (kind === 'query' ? [name] : []));
const READS = [
  'GET /api/entities/:entity',
  'GET /api/entities/:entity/:id',
  ...Object.keys(reads).map((name) => `ctx: ${name}`),
  ...WATCHED.map((name) => `watch: ${name}`),
  'GET /api/sync/pull',
  'POST /api/sync/pull',
  'replica: pages',
  'replica: batches',
  'subscribe: rows',
  'subscribe: a limit',
  'subscribe: changes',
  'doc: join',
  'room: join',
];
const WRITES = [
  'POST /api/entities/:entity',
  'PATCH /api/entities/:entity/:id',
  'DELETE /api/entities/:entity/:id',
  ...Object.keys(writes).map((name) => `ctx: ${name}`),
  'POST /api/sync/push',
  'push: insert',
  'push: update',
  'push: delete',
  'doc: push',
];

describe('the list is complete', () => {
  test('[P3] every route', () => {
    const routes = server.host.routes.map(({ method, path }) => `${method} ${path}`);
    const doors = [...READS, ...WRITES].filter((name) => name.includes(' /api/'));
    // Frames of a session come by /events as by a pull: the same connection (test/contract).
    const others = ['POST /api/fn/:name', 'POST /api/sync/events'];
    expect(routes.toSorted()).toEqual([...others, ...doors].toSorted());
  });

  test('[P3] every kind of channel', () => {
    // Queues (`match`) hold players and give tickets, no rows. Shards are worlds: who may join is asked of `authorize` (test/shards/seats.test.ts).
    expect(server.host.channelKinds.toSorted()).toEqual(['doc', 'match', 'room', 'shard']);
  });

  test('[P3] every method of ctx.db', () => {
    const methods = (type: { prototype: object }) =>
      Object.getOwnPropertyNames(type.prototype).filter((name) => name !== 'constructor');
    // `query` begins what the methods of RowQuery end; `elevated` has its own test beside it.
    expect(methods(DbReader).toSorted()).toEqual(['elevated', 'get', 'query']);
    expect(methods(DbWriter).toSorted()).toEqual([...Object.keys(writes), 'elevated'].toSorted());
    const ends = ['take', 'first', 'unique', 'collect', 'count', 'paginate'];
    const steps = ['where', 'withIndex', 'filter', 'order', 'include'];
    expect(methods(RowQuery).toSorted()).toEqual([...ends, ...steps].toSorted());
    const asked = Object.keys(reads);
    for (const name of [...ends.slice(1), 'where', 'withIndex', 'filter', 'include', 'get'])
      expect(asked).toContain(name);
  });

  test('[P3] everything on ctx', async () => {
    const keys = async (kind: keyof typeof contexts) =>
      (await send(`${server.url}/api/fn/contexts.${kind}`, 'user', { method: 'POST' })).body.value.toSorted();
    expect(await keys('query')).toEqual(['auth', 'db', 'now', 'signal']);
    expect(await keys('mutation')).toEqual(['auth', 'db', 'id', 'now', 'random', 'scheduler']);
    // runQuery, runMutation and scheduler are doors to functions (functions.test.ts, schedule.test.ts).
    const ofAction = [
      'auth',
      'id',
      'now',
      'random',
      'runMutation',
      'runQuery',
      'scheduler',
      'signal',
      'stream',
    ];
    expect(await keys('action')).toEqual(ofAction);
  });
});

describe.each(READS)('reading: %s', (name) => {
  test.each(ROWS)('[P3] [S4] a row that is %s', async (row) => {
    const id = await make(row, name);
    const seen = await Promise.all(CALLERS.map((as) => readDoors[name]!(as, id)));
    expect(seen).toEqual(SEES[row]);
  });
});

describe.each(WRITES)('writing: %s', (name) => {
  test.each(ROWS)('[P3] a row that is %s', async (row) => {
    const { action, call } = writeDoors[name]!;
    const answers = CALLERS.map(async (as) => {
      const id =
        action === 'insert' ? `${row}-${name}-${as}`.replaceAll(/[^\w-]/g, '_') : await make(row, name + as);
      const code = await call(as, id);
      const after = await server.host.store.read((snapshot) => snapshot.get('Note', id));
      const there = action === 'insert' ? code === 'ok' : action === 'update' || code !== 'ok';
      expect(after !== null, `${name} as ${as}`).toBe(there);
      return code;
    });
    expect(await Promise.all(answers)).toEqual(MAY[action][row]);
  });
});

describe('what only the server may know', () => {
  const path = () => `${server.url}/api/entities`;

  test('[P3] [S4] server-only fields neither leave nor can be asked about or set', async () => {
    const id = await make('open', 'secret');
    const { body } = await send(`${path()}/Note/${id}`, 'user');
    expect(Object.keys(body.row).toSorted()).toEqual([
      'body',
      'boxId',
      'docRev',
      'id',
      'open',
      'ownerId',
      'title',
    ]);
    const filter = encodeURIComponent('{"op":"not","filter":{"op":"gt","field":"secret","value":"h"}}');
    for (const query of ['where={"secret":"hidden"}', `filter=${filter}`, 'order=title,secret:desc'])
      expect((await send(`${path()}/Note?${query}`, 'user')).code, query).toBe('invalid');
    const patch = { method: 'PATCH', body: '{"secret":"known"}' };
    expect((await send(`${path()}/Note/${id}`, 'user', patch)).code).toBe('invalid');
  });

  test('[P3] entities that are for functions alone', async () => {
    expect((await send(`${path()}/Closed`, 'admin')).code).toBe('not_found');
    const post = { method: 'POST', body: '{"title":"x"}' };
    expect((await send(`${path()}/Closed`, 'admin', post)).code).toBe('not_found');
    expect((await send(`${path()}/Nothing`, 'admin')).code).toBe('not_found');
  });
});
