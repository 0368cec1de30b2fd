import { afterEach, beforeEach, expect, test } from 'vitest';
import { deferred } from '../base/deferred.ts';
import { functions } from '../functions/define.ts';
import { defineApp } from '../plugin/define-app.ts';
import { ANONYMOUS } from '../policy/viewer.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { v } from '../schema/validator.ts';
import { simEnv } from '../testing/sim-env.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { Host } from './host.ts';

const schema = defineSchema({ entities: [] });
const { mutation, internal } = functions(schema);
let ran: string[] = [];
let gate = deferred<void>();
const work = internal.action({
  args: { name: v.string() },
  async handler(_ctx, { name }) {
    await gate.promise;
    ran.push(name);
  },
});
const plan = mutation({
  args: { name: v.string(), inMs: v.int() },
  auth: 'public',
  handler: (ctx, { name, inMs }) => ctx.scheduler.runAfter(inMs, work, { name }),
});
const app = defineApp({ schema, functions: { work, plan } });

let database: TempDatabase;
beforeEach(() => {
  database = new TempDatabase();
  ran = [];
  gate = deferred();
});
afterEach(() => database.remove());

test('[N2] a drain waits for jobs that run and begins no more; the next start goes on', async () => {
  const env = simEnv();
  const host = new Host(app, env, { drivers: database.open() });
  await env.clock.run(host.start());
  const schedule = (name: string, inMs: number) =>
    env.clock.run(host.functions.call({ name: 'plan', args: { name, inMs }, viewer: ANONYMOUS }));
  await schedule('now', 0);
  await schedule('soon', 1000);
  await env.clock.advance(10);
  expect(host.functions.jobs.size).toBe(1);

  let closed = false;
  const closing = host.close().then(() => {
    closed = true;
  });
  await env.clock.advance(2000);
  expect([closed, ran]).toEqual([false, []]);
  gate.resolve();
  await env.clock.run(closing);
  expect(ran).toEqual(['now']);

  const next = new Host(app, env, { drivers: database.open() });
  await env.clock.run(next.start());
  await env.clock.advance(10);
  expect(ran).toEqual(['now', 'soon']);
  await env.clock.run(next.close());
});
