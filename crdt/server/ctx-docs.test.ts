/** `ctx.docs`: documents edited by the app's functions, with rows and readers. Real engine, server and store. */
import fc from 'fast-check';
import { LoroDoc } from 'loro-crdt';
import { afterEach, expect, test, vi } from 'vitest';
import type { Fault } from '../../src/base/fault.ts';
import type { Json, JsonObject } from '../../src/base/json.ts';
import { functions } from '../../src/functions/define.ts';
import { defineApp } from '../../src/plugin/define-app.ts';
import type { Viewer } from '../../src/policy/viewer.ts';
import { v } from '../../src/schema/validator.ts';
import { World } from '../../src/testing/world.ts';
import type { DocHandle } from '../client/doc-handle.ts';
import { openDocWith } from '../client/open-doc.ts';
import type { DocsOptions } from './options.ts';
import { docs } from './plugin.ts';
import { Note, notesSchema } from './testing/notes.ts';

const { mutation, action } = functions(notesSchema);
const put = (text: string) => (doc: LoroDoc) => doc.getText('body').insert(0, text);
const id = v.string();

const notes = {
  /** A document and another row, then perhaps a failure. */
  sign: mutation({
    args: { id, text: v.string(), fails: v.bool() },
    auth: 'public',
    async handler(ctx, { id, text, fails }) {
      const length = await ctx.docs.edit('Note', id, (doc) => {
        put(text)(doc);
        return doc.getText('body').length;
      });
      await ctx.db.elevated('a test').insert('Plain', { title: text });
      if (fails) throw new Error('changed its mind');
      return length;
    },
  }),
  create: mutation({
    args: { id, text: v.string() },
    auth: 'public',
    async handler(ctx, { id, text }) {
      await ctx.db.elevated('a test').insert('Note', { id });
      await ctx.docs.edit('Note', id, put(text));
      return ctx.docs.read('Note', id);
    },
  }),
  editAndDelete: mutation({
    args: { id },
    auth: 'public',
    async handler(ctx, { id }) {
      await ctx.docs.edit('Note', id, put('gone'));
      await ctx.db.elevated('a test').delete('Note', id);
    },
  }),
  many: mutation({
    args: { ids: v.array(id) },
    auth: 'public',
    async handler(ctx, { ids }) {
      await Promise.all(ids.map((id, n) => ctx.docs.edit('Note', id, put(`${n}`))));
    },
  }),
  survive: mutation({
    args: { id },
    auth: 'public',
    async handler(ctx, { id }) {
      const spoilt = ctx.docs.edit('Note', id, (doc) => {
        put('never')(doc);
        throw new Error('spoilt');
      });
      await spoilt.catch(() => {});
      await ctx.docs.edit('Note', id, put('kept'));
    },
  }),
  late: mutation({
    args: { id },
    auth: 'public',
    handler: (ctx, { id }) => ctx.docs.edit('Note', id, async (doc) => put('later')(doc)),
  }),
  read: mutation({ args: { id }, auth: 'public', handler: (ctx, { id }) => ctx.docs.read('Note', id) }),
  edit: mutation({
    args: { id },
    auth: 'public',
    handler: (ctx, { id }) => ctx.docs.edit('Note', id, put('x')),
  }),
  force: mutation({
    args: { id },
    auth: 'public',
    handler: (ctx, { id }) => ctx.docs.elevated('a test').edit('Note', id, put('forced')),
  }),
  plain: mutation({
    args: {},
    auth: 'public',
    // @ts-expect-error Plain has no documents
    handler: (ctx) => ctx.docs.edit('Plain', 'p', put('x')),
  }),
  act: action({
    args: { id },
    auth: 'public',
    async handler(ctx, { id }) {
      await ctx.docs.edit('Note', id, put('acted'));
      return ctx.docs.read('Note', id);
    },
  }),
};

const ann: Viewer = { userId: 'ann', kind: 'user', roles: [], name: null };
const bob: Viewer = { ...ann, userId: 'bob' };
const appOf = (options: Partial<DocsOptions>) =>
  defineApp({
    schema: notesSchema,
    functions: { notes },
    plugins: [docs({ materialiser: 'inline', ...options })],
  });
type NoteApp = ReturnType<typeof appOf>;

let worlds: World<NoteApp>[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const world of worlds) await world.close();
  worlds = [];
});

async function makeWorld(options: Partial<DocsOptions> = {}, seed = 1) {
  const world = await World.create({ app: () => appOf(options), seed });
  worlds.push(world);
  const { clock } = world.env;
  const call = (name: keyof typeof notes, args: Json, viewer = ann) =>
    world.host.functions.call({ name: `notes.${name}`, args, viewer });
  const run = async (name: keyof typeof notes, args: Json, viewer = ann) =>
    (await clock.run(call(name, args, viewer))).value;
  const codeOf = (name: keyof typeof notes, args: Json, viewer = ann) =>
    run(name, args, viewer).then(
      () => 'none',
      (error: Fault) => error.code,
    );
  const insert = (id: string, fields: { editor?: string; reader?: string } = {}) =>
    clock.run(world.host.store.write(({ tx }) => tx.insert('Note', Note.parseInsert(id, fields))));
  const row = (id: string): Promise<JsonObject | null> =>
    clock.run(world.host.store.read((snapshot) => snapshot.get('Note', id)));
  const all = (sql: string) => clock.run(world.host.store.read((snapshot) => snapshot.all(sql)));
  const titles = async () =>
    (await all('SELECT title FROM Plain ORDER BY title')).map(({ title }) => String(title));
  const live = async (id: string, user = 'ann'): Promise<DocHandle> => {
    const page = await world.client(user);
    const handle = openDocWith(page.engine, { entity: 'Note', id }, {});
    await clock.until(() => handle.state.name === 'live');
    return handle;
  };
  return { world, clock, call, run, codeOf, insert, row, all, titles, live };
}

const textIn = (handle: DocHandle) => handle.text('body').toString();

test('[D8] an edit and a row are committed together, and readers, the row and a restart show them', async () => {
  const { world, clock, run, insert, row, titles, live } = await makeWorld();
  await insert('n1');
  const reader = await live('n1');
  expect(await run('sign', { id: 'n1', text: 'hello', fails: false })).toBe(5);
  await clock.until(() => textIn(reader) === 'hello');
  await clock.advance(1000);
  expect(await row('n1')).toMatchObject({ body: 'hello' });
  expect(await titles()).toEqual(['hello']);
  world.kill();
  await world.start();
  expect(await run('read', { id: 'n1' })).toEqual({ body: 'hello' });
});

test('[D8] a mutation that fails leaves nothing: not in the log, the hub, the row or on a page', async () => {
  const { clock, codeOf, insert, row, all, titles, live } = await makeWorld();
  await insert('n1');
  const reader = await live('n1');
  expect(await codeOf('sign', { id: 'n1', text: 'no', fails: true })).not.toBe('none');
  await clock.advance(1000);
  expect(textIn(reader)).toBe('');
  expect(await row('n1')).toMatchObject({ body: '' });
  expect(await titles()).toEqual([]);
  expect(await all('SELECT * FROM _doc_updates')).toEqual([]);
  expect(await all("SELECT * FROM _doc_peers WHERE owner = 'server'")).toEqual([]);
  reader.text('body').insert(0, 'mine');
  await clock.run(reader.synced());
  expect(await all('SELECT rev FROM _doc_updates')).toEqual([{ rev: 1 }]);
});

test('[D8] of a group that shares a COMMIT, those that fail take their edits along and no others', async () => {
  const { clock, call, insert, all, titles, live, run } = await makeWorld();
  await insert('n1');
  const reader = await live('n1');
  reader.text('body').insert(0, '.');
  reader.doc.commit();
  const texts = ['a', 'b', 'c', 'd', 'e'];
  const calls = texts.map((text, n) => call('sign', { id: 'n1', text, fails: n % 2 === 1 }));
  const results = await clock.run(Promise.allSettled(calls));
  expect(results.map(({ status }) => status === 'fulfilled')).toEqual([true, false, true, false, true]);
  await clock.run(reader.synced());
  await clock.until(() => textIn(reader).length === 4);
  const text = textIn(reader);
  expect([...text].sort().join('')).toBe('.ace');
  expect(await run('read', { id: 'n1' })).toEqual({ body: text });
  expect(await titles()).toEqual(['a', 'c', 'e']);
  const revs = (await all('SELECT rev FROM _doc_updates ORDER BY rev')).map(({ rev }) => rev);
  expect(revs).toEqual([1, 2, 3, 4]);
  const peers = await all("SELECT COUNT(*) AS n FROM _doc_peers WHERE owner = 'server'");
  expect(peers).toEqual([{ n: 1 }]);
});

test('[D8] the document of a row that the mutation itself inserts, and of one that it deletes', async () => {
  const { clock, run, all, row } = await makeWorld();
  expect(await run('create', { id: 'new', text: 'born' })).toEqual({ body: 'born' });
  await clock.advance(1000);
  expect(await row('new')).toMatchObject({ body: 'born' });
  await run('editAndDelete', { id: 'new' });
  await clock.advance(1000);
  for (const table of ['_doc_meta', '_doc_updates', '_doc_peers'])
    expect(await all(`SELECT * FROM ${table}`)).toEqual([]);
});

test('[D8] edits of one mutation take turns, of one document and of several', async () => {
  const { run, insert } = await makeWorld();
  await insert('n1');
  await insert('n2');
  await run('many', { ids: ['n1', 'n2', 'n1', 'n1'] });
  expect(await run('read', { id: 'n1' })).toEqual({ body: '320' });
  expect(await run('read', { id: 'n2' })).toEqual({ body: '1' });
});

test('[D8] an edit that throws is not there, and the mutation may go on', async () => {
  const { run, codeOf, insert } = await makeWorld();
  await insert('n1');
  await run('survive', { id: 'n1' });
  expect(await codeOf('late', { id: 'n1' })).toBe('invalid');
  expect(await run('read', { id: 'n1' })).toEqual({ body: 'kept' });
});

test('[D8] in an action an edit is a transaction of its own', async () => {
  const { run, insert } = await makeWorld();
  await insert('n1');
  expect(await run('act', { id: 'n1' })).toEqual({ body: 'acted' });
});

test('[D5] policies of the row decide, unless they are passed by', async () => {
  const { run, codeOf, insert } = await makeWorld();
  await insert('n1', { editor: 'bob' });
  await insert('n2', { reader: 'bob' });
  expect(await codeOf('edit', { id: 'n1' })).toBe('forbidden');
  expect(await codeOf('act', { id: 'n1' })).toBe('forbidden');
  expect(await run('read', { id: 'n1' })).toEqual({ body: '' });
  expect(await codeOf('edit', { id: 'n2' })).toBe('not_found');
  expect(await codeOf('read', { id: 'n2' })).toBe('not_found');
  expect(await codeOf('read', { id: 'n3' })).toBe('not_found');
  expect(await codeOf('plain', {})).toBe('invalid');
  await run('edit', { id: 'n1' }, bob);
  await run('force', { id: 'n1' });
  expect(await run('read', { id: 'n1' })).toEqual({ body: 'forcedx' });
});

test('[N3] a document of over maxEditBytes is refused', async () => {
  const { world, run, codeOf, insert, all } = await makeWorld();
  await insert('n1');
  await run('edit', { id: 'n1' });
  const [row] = await all('SELECT SUM(LENGTH(bytes)) AS size FROM _doc_updates');
  const maxEditBytes = Number(row?.size);
  const next = await makeWorld({ maxEditBytes });
  await next.insert('n1');
  expect(await next.codeOf('edit', { id: 'n1' })).toBe('none');
  expect(await next.codeOf('edit', { id: 'n1' })).toBe('none'); // exactly as large as may be
  expect(await next.codeOf('edit', { id: 'n1' })).toBe('too_large');
  expect(await next.codeOf('read', { id: 'n1' })).toBe('too_large');
  expect(await codeOf('edit', { id: 'n1' })).toBe('none');
  expect(world.up).toBe(true);
});

test('[D6] a document that only functions edit is folded into a snapshot', async () => {
  const { run, insert, all } = await makeWorld({ compactUpdates: 4 });
  await insert('n1');
  for (let n = 0; n < 10; n++) await run('edit', { id: 'n1' });
  expect((await all('SELECT rev FROM _doc_snapshots'))[0]).toEqual({ rev: 8 });
  expect(await all('SELECT rev FROM _doc_updates')).toEqual([{ rev: 9 }, { rev: 10 }]);
  expect(await run('read', { id: 'n1' })).toEqual({ body: 'x'.repeat(10) });
});

test('[D8] wherever the server is killed, the rows and the document say the same', async () => {
  const { world, clock, call, insert, titles, run, live } = await makeWorld();
  await insert('n1');
  await live('n1');
  const bodies: string[] = [];
  for (let statement = 1; statement <= 24; statement++) {
    world.killAtStatement(statement);
    call('sign', { id: 'n1', text: `${statement};`, fails: false }).catch(() => {});
    await clock.advance(2000);
    world.kill();
    await world.start();
    const { body } = (await run('read', { id: 'n1' })) as { body: string };
    expect(
      body
        .split(';')
        .filter((part) => part !== '')
        .map((part) => `${part};`)
        .sort(),
    ).toEqual(await titles());
    bodies.push(body);
  }
  expect(bodies[0]).toBe('');
  expect(bodies.at(-1)).toMatch(/^24;/);
});

test('[D1] [D8] typing and mutations in any order leave page, row and log equal', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('type' as const), at: fc.nat(20) }),
    fc.record({ kind: fc.constant('call' as const), fails: fc.boolean() }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 60 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const { world, clock, call, insert, row, run, live } = await makeWorld({ compactUpdates: 5 });
      await insert('n1');
      const pages = [await live('n1', 'ann'), await live('n1', 'bob')];
      const calls: Promise<unknown>[] = [];
      let expected = 0;
      for (const [n, one] of steps.entries()) {
        if (one.kind === 'wait') await clock.advance(one.ms);
        else if (one.kind === 'type') {
          const body = pages[n % 2]!.text('body');
          body.insert(Math.min(one.at, body.length), 't');
          expected++;
        } else {
          calls.push(call('many', { ids: one.fails ? ['n1', 'none'] : ['n1', 'n1'] }).catch(() => {}));
          if (!one.fails) expected += 2;
        }
      }
      await clock.run(Promise.all(calls));
      await clock.run(Promise.all(pages.map((page) => page.synced())));
      await clock.advance(2000);
      const text = textIn(pages[0]!);
      expect(text.length).toBe(expected);
      expect(textIn(pages[1]!)).toBe(text);
      expect(await row('n1')).toMatchObject({ body: text });
      expect(await run('read', { id: 'n1' })).toEqual({ body: text });
      await world.close();
      worlds = worlds.filter((other) => other !== world);
    }),
    { numRuns: 25 },
  );
});

test('[D3] a document that traps under a function fails it as `unavailable`, and is read again later', async () => {
  const { clock, codeOf, run, insert } = await makeWorld();
  await insert('n1');
  await run('edit', { id: 'n1' });
  await clock.advance(1000);
  for (const method of ['attach', 'commit'] as const)
    vi.spyOn(LoroDoc.prototype, method).mockImplementation(() => {
      throw Object.assign(new Error('unreachable'), { name: 'RuntimeError' });
    });
  expect(await codeOf('read', { id: 'n1' })).toBe('unavailable');
  expect(await codeOf('edit', { id: 'n1' })).toBe('unavailable');
  vi.restoreAllMocks();
  await clock.advance(1000);
  expect(await run('read', { id: 'n1' })).toEqual({ body: 'x' });
});
