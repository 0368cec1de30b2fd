import { expect, test } from 'vitest';
import type { Fault } from '../base/fault.ts';
import { Access } from '../policy/access.ts';
import type { Viewer } from '../policy/viewer.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { Store } from '../store/store.ts';
import { simEnv } from '../testing/sim-env.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { Functions } from './call.ts';
import { functions } from './define.ts';
import { httpRoute } from './http-route.ts';
import { type PluginCall, PluginContext } from './plugin-context.ts';
import { Registry } from './registry.ts';

const schema = defineSchema({ entities: [] });
const { mutation, action } = functions(schema);
const ada: Viewer = { userId: 'ada', kind: 'user', roles: [], name: null };
/** As a handler sees it whose types promise the part. */
const part = (context: object, name: string) => Reflect.get(context, name);

const twice = (ctx: object) => new Set([part(ctx, 'clock'), part(ctx, 'clock')]).size === 1;

const calls = {
  write: mutation({ args: {}, handler: twice }),
  act: action({ args: {}, handler: twice }),
  plain: mutation({ args: {}, handler: () => null }),
  missing: mutation({ args: {}, handler: (ctx) => part(ctx, 'docs') }),
};
const route = httpRoute({
  method: 'GET',
  path: '/x',
  auth: 'public',
  handler: (ctx) => new Response(`${ctx.param('p')} ${typeof part(ctx, 'clock')}`),
});

async function withFunctions(work: (subject: Functions, made: PluginCall[]) => Promise<void>): Promise<void> {
  const env = simEnv();
  const database = new TempDatabase();
  const store = new Store(env, { schema, drivers: database.open() });
  await store.open();
  const made: PluginCall[] = [];
  const clock = (call: PluginCall) => {
    made.push(call);
    return { made: made.length };
  };
  const registry = new Registry({ calls }, [route]);
  const extras = new PluginContext([{}, { clock }]);
  const subject = new Functions(env, {
    schema,
    store,
    access: new Access(schema, () => 0),
    registry,
    extras,
  });
  try {
    await env.clock.run(work(subject, made));
  } finally {
    await env.clock.run(store.close());
    database.remove();
  }
}

test('a part of ctx is made once for each call that asks for it, with what the call may see and write', () =>
  withFunctions(async (subject, made) => {
    const call = (name: string) => subject.call({ name: `calls.${name}`, args: {}, viewer: ada });
    await call('plain');
    expect(made).toEqual([]);
    expect((await call('write')).value).toBe(true);
    expect((await call('act')).value).toBe(true);
    const [inMutation, inAction] = made;
    expect(inMutation).toMatchObject({ sight: { viewer: ada }, signal: undefined });
    expect(inMutation!.job).toBeDefined();
    expect(inAction).toMatchObject({ sight: { viewer: ada }, job: undefined });
    expect(inAction!.signal).toBeInstanceOf(AbortSignal);
  }));

test('routes have the parts of actions', () =>
  withFunctions(async (subject) => {
    const request = new Request('http://localhost/x');
    const given = { request, viewer: ada, address: '', param: () => 'p' };
    const [registered] = new Registry({}, [route]).routes;
    expect(await (await subject.route(registered!, given)).text()).toBe('p object');
  }));

test('a part whose plugin is not in the app says which one is missing', () =>
  withFunctions(async (subject) => {
    const fault = await subject
      .call({ name: 'calls.missing', args: {}, viewer: ada })
      .catch((error: Fault) => error);
    expect(fault).toMatchObject({
      code: 'internal',
      message: expect.stringContaining("docs() from 'ternion/crdt/server'"),
    });
  }));

test('two plugins cannot add the same part', () => {
  const clock = () => null;
  expect(() => new PluginContext([{ clock }, { clock }])).toThrow('two plugins add ctx.clock');
});
