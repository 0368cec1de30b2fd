/** The same table of cases at every door of functions; a door or a kind that is not in it fails. [P3] */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '../../src/base/json.ts';
import { functions } from '../../src/functions/define.ts';
import { defineApp } from '../../src/plugin/define-app.ts';
import type { FunctionKind } from '../../src/schema/app-shape.ts';
import { defineSchema } from '../../src/schema/define-schema.ts';
import { v } from '../../src/schema/validator.ts';
import { createServer, type Server } from '../../src/server/create-server.ts';
import { TempDatabase } from '../../src/testing/temp-database.ts';
import {
  CALLERS,
  callers,
  type Door,
  httpDoor,
  innerDoor,
  openSocket,
  socketDoor,
  watchDoor,
} from './function-doors.ts';

const schema = defineSchema({ entities: [] });
const made = functions(schema);
const { httpRoute } = made;

/** What each caller hears, in the order nobody, guest, user, admin. */
const MODES: Record<string, readonly string[]> = {
  public: ['ok', 'ok', 'ok', 'ok'],
  guest: ['unauthorized', 'ok', 'ok', 'ok'],
  user: ['unauthorized', 'unauthorized', 'ok', 'ok'],
  admin: ['unauthorized', 'unauthorized', 'forbidden', 'ok'],
  "auth.userId == 'u'": ['unauthorized', 'forbidden', 'ok', 'forbidden'],
  "input.n == 7 && auth.kind == 'guest'": ['unauthorized', 'ok', 'forbidden', 'forbidden'],
};
const KINDS = ['query', 'mutation', 'action'] as const satisfies FunctionKind[];

/** `query0` has the first mode, `query1` the second; `queryHidden` is internal. */
const app: Record<string, ReturnType<typeof made.query> | ReturnType<typeof made.action>> = {};
const options = { args: { n: v.int() }, handler: () => null };
for (const kind of KINDS) {
  for (const [i, auth] of Object.keys(MODES).entries()) {
    app[`${kind}${i}`] = made[kind]({ ...options, auth }) as ReturnType<typeof made.query>;
  }
  app[`${kind}Default`] = made[kind](options) as ReturnType<typeof made.query>;
  app[`${kind}Hidden`] = made.internal[kind](options) as never;
}
const seen: AbortSignal[] = [];
const wait = made.action({
  args: {},
  auth: 'public',
  handler: ({ signal }) =>
    new Promise<null>((_, reject) => {
      seen.push(signal);
      signal.addEventListener('abort', () => reject(signal.reason));
    }),
});
const relayArgs = { name: v.string(), args: v.json() };
const relay = {
  query: made.action({
    args: relayArgs,
    auth: 'public',
    handler: (ctx, { name, args }) => ctx.runQuery(name, args),
  }),
  mutation: made.action({
    args: relayArgs,
    auth: 'public',
    handler: (ctx, { name, args }) => ctx.runMutation(name, args),
  }),
};
const http = Object.keys(MODES)
  .filter((auth) => !auth.includes('input'))
  .map((auth, i) =>
    httpRoute({
      method: 'GET',
      path: `/own/${i}/:name`,
      auth,
      handler: (ctx) => new Response(ctx.param('name')),
    }),
  );

let database: TempDatabase;
let server: Server;
const doors: Record<string, { kinds: readonly FunctionKind[]; inside: boolean; call: Door }> = {};

beforeAll(async () => {
  database = new TempDatabase();
  const app_ = defineApp({ schema, functions: { ...app, wait, relay }, plugins: [callers], http });
  server = await createServer(app_, {
    port: 0,
    database: database.path,
    logLevel: 'silent',
    signals: false,
    drainMs: 100,
  });
  const { url } = server;
  const post = httpDoor(url);
  doors.call = { kinds: KINDS, inside: false, call: socketDoor(url) };
  doors['POST /api/fn/:name'] = { kinds: KINDS, inside: false, call: post };
  doors.watch = { kinds: ['query'], inside: false, call: watchDoor(url) };
  doors.runQuery = { kinds: ['query'], inside: true, call: innerDoor(post, 'relay.query') };
  doors.runMutation = { kinds: ['mutation'], inside: true, call: innerDoor(post, 'relay.mutation') };
});
afterAll(async () => {
  await server.close();
  database.remove();
});

const DOORS = ['call', 'POST /api/fn/:name', 'watch', 'runQuery', 'runMutation'];
const cases = DOORS.flatMap((door) => KINDS.map((kind) => [door, kind] as const));

describe('the list is complete', () => {
  test('[P3] every kind of function', () => {
    expect(Object.keys(made).sort()).toEqual([...KINDS, 'httpRoute', 'internal'].sort());
    expect(Object.keys(made.internal).sort()).toEqual([...KINDS].sort());
  });

  test('[P3] every door', () => {
    expect(Object.keys(doors)).toEqual(DOORS);
    const routes = server.host.routes
      .map(({ method, path }) => `${method} ${path}`)
      .filter((name) => !/\/api\/(entities|sync)\//.test(name)); // rows.test.ts
    const own = http.map(({ method, path }) => `${method} ${path}`);
    expect(routes).toEqual(['POST /api/fn/:name', ...own]);
  });
});

describe.each(cases)('%s of a %s', (name, kind) => {
  const everybody = async (fn: string, args: Json) => {
    const { call } = doors[name]!;
    return Promise.all(CALLERS.map((caller) => call(caller, fn, args)));
  };
  const all = (code: string) => CALLERS.map(() => code);

  test('[P3] asks who calls', async () => {
    const { kinds } = doors[name]!;
    for (const [i, [auth, expected]] of Object.entries(MODES).entries()) {
      const wanted = kinds.includes(kind) ? expected : all('invalid');
      expect(await everybody(`${kind}${i}`, { n: 7 }), auth).toEqual(wanted);
    }
    const byDefault = kinds.includes(kind) ? MODES.user : all('invalid');
    expect(await everybody(`${kind}Default`, { n: 7 })).toEqual(byDefault);
  });

  test('[P3] internal functions are not there from outside', async () => {
    const { kinds, inside } = doors[name]!;
    const wanted = !inside ? 'not_found' : kinds.includes(kind) ? 'ok' : 'invalid';
    expect(await everybody(`${kind}Hidden`, { n: 7 })).toEqual(all(wanted));
  });

  test('[N1] unknown names and bad arguments', async () => {
    for (const unknown of [`${kind}s`, '__proto__', 'constructor', 'relay', 'x'.repeat(200)])
      expect(await everybody(unknown, {}), unknown).toEqual(all('not_found'));
    const refused: Json[] = [{}, { n: 'x' }, { n: 1.5 }, { n: 1, m: 1 }, [], null, 7];
    for (const bad of refused)
      expect(await everybody(`${kind}0`, bad), JSON.stringify(bad)).toEqual(all('invalid'));
  });

  test('[P3] who may not call learns nothing of the arguments', async () => {
    const wanted = doors[name]!.kinds.includes(kind) ? 'unauthorized' : 'invalid';
    expect(await doors[name]!.call('nobody', `${kind}Default`, { n: 'x' })).toBe(wanted);
  });
});

describe('routes of the app', () => {
  test.each(http.map(({ auth, path }) => [auth, path]))('[P3] %s', async (auth, path) => {
    const answers = CALLERS.map(async (as) => {
      const headers: Record<string, string> = as === 'nobody' ? {} : { authorization: `Bearer ${as}` };
      const response = await fetch(server.url + path.replace(':name', 'me'), { headers });
      return response.ok ? (await response.text()).replace('me', 'ok') : (await response.json()).error.code;
    });
    expect(await Promise.all(answers)).toEqual(MODES[auth]);
  });
});

describe('a caller that is gone', () => {
  const aborted = async (count: number) => {
    while (seen.length < count) await new Promise((resolve) => setImmediate(resolve));
    return (act: () => void) => {
      const signal = seen[count - 1]!;
      expect(signal.aborted).toBe(false);
      const end = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      act();
      return end.then(() => signal.reason);
    };
  };

  test('on a socket: cancel, and the end of the connection', async () => {
    const socket = await openSocket(server.url, 'user');
    socket.say({ t: 'call', id: 1, fn: 'wait', args: {} });
    const first = await aborted(seen.length + 1);
    expect(await first(() => socket.say({ t: 'cancel', id: 1 }))).toMatchObject({ code: 'cancelled' });
    socket.say({ t: 'call', id: 1, fn: 'wait', args: {} }); // the number is free again
    const second = await aborted(seen.length + 1);
    expect(await second(() => socket.end())).toMatchObject({ code: 'cancelled' });
  });

  test('over HTTP', async () => {
    const caller = new AbortController();
    const { signal } = caller;
    fetch(`${server.url}/api/fn/wait`, { method: 'POST', signal }).catch(() => {});
    const gone = await aborted(seen.length + 1);
    expect(await gone(() => caller.abort())).toMatchObject({ code: 'cancelled' });
  });
});
