import { expect, test } from 'vitest';
import { check } from './sample-house.ts';

test.each([
  ['Date.now()', 'export const f = () => Date.now();'],
  ['Date.now, not called', 'export const f = Date.now;'],
  ['Date.now by another name', "export const f = () => globalThis.Date['now']();"],
  ['new Date()', 'export const f = () => new Date();'],
  ['Date()', 'export const f = () => Date();'],
  ['performance.now()', 'export const f = () => performance.now();'],
  ['Math.random()', 'export const f = () => Math.random();'],
  ['setTimeout', 'export const f = () => setTimeout(() => {}, 1);'],
  ['setTimeout through globalThis', 'export const f = () => globalThis.setTimeout(() => {}, 1);'],
  ['setInterval', 'export const f = (t = setInterval) => t;'],
  ['setImmediate', 'export const f = () => setImmediate(f);'],
  ['queueMicrotask', 'export const f = () => queueMicrotask(f);'],
  ['process.nextTick', 'export const f = () => process.nextTick(f);'],
  ['AbortSignal.timeout', 'export const f = () => AbortSignal.timeout(1);'],
  ['crypto.getRandomValues', 'export const f = (b: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(b);'],
  ['crypto.randomUUID', 'export const f = () => globalThis.crypto.randomUUID();'],
  ['randomBytes of node:crypto', "import { randomBytes } from 'node:crypto';\nexport const f = randomBytes;"],
  [
    'node:timers/promises',
    "import { setTimeout as wait } from 'node:timers/promises';\nexport const f = wait;",
  ],
])('time and chance come from Env: %s fails', (_, text) => {
  expect(check({ 'src/store/a.ts': text })).toEqual(['src/store/a.ts:1 ambient']);
  expect(check({ 'src/store/node-env.ts': text })).toEqual([]);
  expect(check({ 'src/store/a.test.ts': text })).toEqual([]);
  expect(check({ 'scripts/a.ts': text, 'bench/a.ts': text, 'examples/a.ts': text })).toEqual([]);
});

test('what only looks like time and chance passes', () => {
  const text = `
    // Date.now()
    import { createHmac } from 'node:crypto';
    export const utc = Date.UTC(2026, 0, 1);
    export const day = (ms: number) => new Date(ms).toISOString() + 'Date.now()' + createHmac('sha256', '');
    export const f = (clock: { now(): number; setTimeout(): void }) => [clock.now(), clock.setTimeout()];
    export const g = { setTimeout: 1, console: 2 };
    export type Timer = ReturnType<typeof setTimeout>;
    export interface Host { setInterval: typeof setInterval; random(): number }
  `;
  expect(check({ 'src/store/a.ts': text })).toEqual([]);
});

test.each([
  ['a constant', 'export const f = (make: () => any) => { const process = make(); return process.env; };'],
  ['a parameter', 'export const f = (process: any) => [1].map(() => process.env.PORT);'],
  ['a part of a parameter', 'export function f({ a: [crypto] }: any) { return crypto.randomUUID(); }'],
  ['a parameter with a default', 'export const f = (performance = { now: () => 1 }) => performance.now();'],
  [
    'the variable of a loop',
    'export const f = (list: any[]) => { for (const process of list) process.env(); };',
  ],
  ['an import', "import { console } from './b.ts';\nexport const f = () => console.log();"],
])('a name of the file itself is not the global: %s', (_, text) => {
  expect(check({ 'src/store/a.ts': text, 'src/store/b.ts': 'export const console = { log() {} };' })).toEqual(
    [],
  );
});

test('a name that is bound elsewhere does not hide the global', () => {
  const text = 'export const f = (process: any) => process.env;\nexport const g = () => process.env;';
  expect(check({ 'src/store/a.ts': text })).toEqual(['src/store/a.ts:2 process-env']);
});

test('console belongs to the CLI, to *-env.ts and to tools', () => {
  const text = "export const f = () => console.log('x');";
  const files = {
    'src/server/a.ts': text,
    'src/server/node-env.ts': text,
    'src/cli/a.ts': text,
    'scripts/a.ts': text,
    'examples/world/server.ts': text,
  };
  expect(check(files)).toEqual(['src/server/a.ts:1 console']);
});

test('process.env is read in server/config*.ts only', () => {
  const text = 'export const port = process.env.PORT;';
  const files = {
    'src/server/a.ts': text,
    'src/server/config.ts': text,
    'src/server/config-env.ts': text,
    'src/store/config.ts': text,
    'src/store/b.ts': "import { env } from 'node:process';\nexport const port = env.PORT;",
    'test/a.ts': text,
  };
  expect(check(files)).toEqual([
    'src/server/a.ts:1 process-env',
    'src/store/b.ts:1 process-env',
    'src/store/config.ts:1 process-env',
  ]);
});
