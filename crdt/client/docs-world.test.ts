/** Documents end to end: the real engine, server, store and codec, in a simulated world. */
import { LoroDoc } from 'loro-crdt';
import { afterEach, expect, test } from 'vitest';
import type { EngineHost } from '../../src/client/channel.ts';
import { defineApp } from '../../src/plugin/define-app.ts';
import { World } from '../../src/testing/world.ts';
import type { DocsOptions } from '../server/options.ts';
import { type DocsInstance, docs } from '../server/plugin.ts';
import { Note, notesSchema } from '../server/testing/notes.ts';
import type { DocHandle } from './doc-handle.ts';
import { openDocWith } from './open-doc.ts';
import type { DocOptions } from './options.ts';

type NoteApp = ReturnType<typeof appOf>['app'];
function appOf(options: Partial<DocsOptions>) {
  const plugin = docs({ materialiser: 'inline', ...options });
  let instance: DocsInstance | undefined;
  const app = defineApp({
    schema: notesSchema,
    plugins: [
      {
        name: 'docs',
        create: (services) => {
          instance = plugin.create(services);
          return instance;
        },
      },
    ],
  });
  return { app, instance: () => instance! };
}

let worlds: World<NoteApp>[] = [];
afterEach(async () => {
  for (const world of worlds) await world.close();
  worlds = [];
});

async function makeWorld(options: Partial<DocsOptions> = {}, seed = 1) {
  let life: ReturnType<typeof appOf> | undefined;
  const app = () => {
    life = appOf(options);
    return life.app;
  };
  const world = await World.create({ app, seed });
  worlds.push(world);
  return { world, clock: world.env.clock, hub: () => life!.instance().hub };
}

type Made = Awaited<ReturnType<typeof makeWorld>>;
type Page = Awaited<ReturnType<Made['world']['client']>>;

function open(page: Page, id: string, options: Partial<DocOptions> = {}): DocHandle {
  return openDocWith(page.engine, { entity: 'Note', id }, options);
}

async function live(world: World<NoteApp>, ...handles: DocHandle[]): Promise<void> {
  await world.env.clock.until(() => handles.every(({ state }) => state.name === 'live'));
}

function type(handle: DocHandle, text: string, at = handle.text('body').length): void {
  handle.text('body').insert(at, text);
  handle.doc.commit();
}

const textIn = (handle: DocHandle) => handle.text('body').toString();

async function columnOf({ world, clock }: Made, id: string): Promise<unknown> {
  const row = await clock.run(world.host.store.read((snapshot) => snapshot.get('Note', id)));
  return row?.body;
}

async function newNote({ world, clock }: Made, fields: { editor?: string; reader?: string } = {}) {
  const id = world.newId();
  const row = Note.parseInsert(id, fields);
  await clock.run(world.host.store.write(({ tx }) => tx.insert('Note', row)));
  return id;
}

test('[D1] two pages type at once and end equal, and so does the row', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const [a, b] = [await world.client('ann'), await world.client('bob')];
  const id = await newNote(made);
  const [da, db] = [open(a, id), open(b, id)];
  await live(world, da, db);
  type(da, 'hello');
  type(db, 'world');
  await clock.run(Promise.all([da.synced(), db.synced()]));
  await clock.advance(1000);
  expect(textIn(da)).toBe(textIn(db));
  expect([...textIn(da)].sort().join('')).toBe([...'helloworld'].sort().join(''));
  expect(await columnOf(made, id)).toBe(textIn(da));
  expect(a.rows('Note')[id]?.body).toBe(textIn(da));
});

test('[D2] edits that were kept survive a reload and are sent later', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const [a, b] = [await world.client('ann'), await world.client('bob')];
  const id = await newNote(made);
  const [da, db] = [open(a, id), open(b, id)];
  await live(world, da, db);
  type(da, 'first ');
  await clock.run(da.synced());
  a.setOnline(false);
  type(da, 'offline');
  expect(da.pending).toBe(true);
  await clock.advance(500);
  expect(da.state.name).toBe('offline');
  type(db, 'second ');
  await clock.run(db.synced());
  a.crash();
  await a.calm();
  const again = open(a, id);
  await clock.until(() => again.state.name === 'live');
  expect(again.pending).toBe(true);
  await clock.run(again.synced());
  await clock.advance(1000);
  expect(textIn(again)).toBe(textIn(db));
  for (const word of ['first', 'second', 'offline']) expect(textIn(db)).toContain(word);
  await a.reload();
  const third = open(a, id);
  await live(world, third);
  expect(third.pending).toBe(false); // brought home once, forgotten
});

test('[D2] what the server had not made durable when it was killed is sent again', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const a = await world.client('ann');
  const id = await newNote(made);
  const da = open(a, id);
  await live(world, da);
  world.killAtStatement(6);
  type(da, 'unacked typing');
  await clock.advance(300);
  expect(world.up).toBe(false);
  expect(da.pending).toBe(true);
  type(da, ', and more');
  await world.start();
  await clock.run(da.synced());
  await clock.advance(1000);
  expect(await columnOf(made, id)).toBe('unacked typing, and more');
});

async function grant({ world, clock }: Made, id: string, fields: { editor?: string; reader?: string }) {
  await clock.run(world.host.store.write(({ tx }) => tx.update('Note', id, fields)));
  await clock.advance(200);
}

test('[D5] a read-only page cannot edit and sees all; it may edit when the right comes', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const [a, b] = [await world.client('ann'), await world.client('bob')];
  const id = await newNote(made, { editor: 'ann' });
  const [da, db] = [open(a, id), open(b, id)];
  expect(() => type(db, 'too soon')).toThrow();
  await live(world, da, db);
  expect(db.state).toMatchObject({ permission: 'read' });
  expect(db.editable).toBe(false);
  expect(() => type(db, 'never')).toThrow();
  type(da, 'hello');
  await clock.run(da.synced());
  await clock.advance(100);
  expect(textIn(db)).toBe('hello');
  await grant(made, id, { editor: '*' });
  expect(db.editable).toBe(true);
  type(db, ' you');
  await clock.run(db.synced());
  await grant(made, id, { editor: 'ann' });
  expect(() => type(db, 'never')).toThrow();
  await grant(made, id, { reader: 'ann' });
  expect(db.state).toMatchObject({ name: 'refused', fault: { code: 'forbidden' } });
  expect(textIn(da)).toBe('hello you');
});

test('[D5] edits made when the right was gone already are dropped, and the state says so', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const a = await world.client('ann');
  const id = await newNote(made);
  const da = open(a, id);
  await live(world, da);
  type(da, 'accepted');
  await clock.run(da.synced());
  a.setOnline(false);
  type(da, ' rejected');
  await clock.advance(500);
  await grant(made, id, { editor: 'bob' });
  await a.calm();
  await clock.until(() => da.state.name === 'live');
  expect(da.state).toMatchObject({ permission: 'read', dropped: { code: 'forbidden' } });
  expect(textIn(da)).toBe('accepted');
  expect(da.pending).toBe(false);
  await a.reload();
  const again = open(a, id);
  await live(world, again);
  expect(again.state).toMatchObject({ dropped: undefined });
});

test('[S8] another identity on the same page sees and sends nothing of the one before', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const a = await world.client('ann');
  const [mine, ours] = [await newNote(made, { reader: 'ann' }), await newNote(made)];
  const [dm, dours] = [open(a, mine), open(a, ours)];
  await live(world, dm, dours);
  type(dm, 'private');
  type(dours, 'public');
  await clock.run(Promise.all([dm.synced(), dours.synced()]));
  a.setOnline(false);
  type(dours, ' unsent');
  await clock.advance(300);
  a.engine.setToken('bob');
  await clock.advance(10);
  expect(textIn(dm)).toBe('');
  expect(textIn(dours)).toBe('');
  expect(dours.pending).toBe(false);
});

test('components share one document; it is let go when the last is closed', async () => {
  const made = await makeWorld({ lingerMs: 100 });
  const { world, clock, hub } = made;
  const a = await world.client('ann');
  const id = await newNote(made);
  const [one, two] = [open(a, id, { lingerMs: 1000 }), open(a, id)];
  await live(world, one, two);
  expect(one.doc).toBe(two.doc);
  expect(hub().entries[0]!.followers).toBe(1);
  one.close();
  one.close();
  expect(one.state.name).toBe('closed');
  type(two, 'x');
  two.close();
  await clock.advance(900);
  const three = open(a, id);
  expect(three.doc).toBe(two.doc);
  await clock.advance(2000);
  expect(hub().size).toBe(1);
  three.close();
  await clock.advance(2000);
  expect(hub().size).toBe(0);
  expect(await columnOf(made, id)).toBe('x');
});

/** The engine with every payload counted that a channel sends. */
function counted(engine: EngineHost): { host: EngineHost; sent: Uint8Array[] } {
  const sent: Uint8Array[] = [];
  const open: EngineHost['channels']['open'] = (kind, params, events) => {
    const channel = engine.channels.open(kind, params, events);
    return {
      close: () => channel.close(),
      send: (payload) => {
        sent.push(payload);
        return channel.send(payload);
      },
    };
  };
  const { env, docs: kept, session } = engine;
  const host = { env, channels: { open }, docs: kept, session, onSession: () => () => {} };
  return { host, sent };
}

test('the first keystroke leaves at once, the following ones together', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const a = await world.client('ann');
  const id = await newNote(made);
  const { host, sent } = counted(a.engine);
  const da = openDocWith(host, { entity: 'Note', id }, { batchMs: 30 });
  await live(world, da);
  await clock.advance(100);
  sent.length = 0;
  type(da, 'k');
  await clock.advance(0);
  expect(sent.length).toBe(1);
  for (let i = 0; i < 50; i++) {
    type(da, 'k');
    await clock.advance(2);
  }
  await clock.run(da.synced());
  expect(sent.length).toBeLessThanOrEqual(6);
  await clock.advance(1000);
  expect(await columnOf(made, id)).toBe('k'.repeat(51));
});

test('a large text goes up and down in pieces', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const [a, b] = [await world.client('ann'), await world.client('bob')];
  const id = await newNote(made);
  const { host, sent } = counted(a.engine);
  const da = openDocWith(host, { entity: 'Note', id }, {});
  await live(world, da);
  let large = '';
  while (large.length < 200_000) large += world.env.random.next().toString(36);
  type(da, large);
  await clock.run(da.synced());
  expect(Math.max(...sent.map(({ length }) => length))).toBeLessThan(65 * 1024);
  const db = open(b, id);
  await live(world, db);
  expect(textIn(db)).toBe(large);
});

test('[D2] a refused document with pending edits is let go after one linger, and may be asked for again', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const a = await world.client('ann');
  const id = await newNote(made);
  const da = open(a, id);
  await live(world, da);
  type(da, 'typed');
  await clock.run(world.host.store.write(({ tx }) => tx.delete('Note', id)));
  await clock.until(() => da.state.name === 'refused');
  expect(da.pending).toBe(true);
  await clock.run(world.host.store.write(({ tx }) => tx.insert('Note', Note.parseInsert(id, {}))));
  da.close();
  await clock.advance(1001);
  const again = open(a, id);
  await live(world, again);
  expect(textIn(again)).toBe(''); // another life of the row
  expect(again.pending).toBe(false);
});

test('[D7] pages see what others show, until they go', async () => {
  const made = await makeWorld();
  const { world, clock } = made;
  const [a, b] = [await world.client('ann'), await world.client('bob')];
  const id = await newNote(made);
  const [da, db] = [open(a, id), open(b, id)];
  await live(world, da, db);
  da.awareness.set({ cursor: 3 });
  await clock.advance(200);
  const others = () => [...db.awareness.others.values()].map(({ userId, state }) => ({ userId, state }));
  expect(others()).toEqual([{ userId: 'ann', state: { cursor: 3 } }]);
  expect(da.awareness.others.size).toBe(0);
  await clock.advance(60_000);
  expect(others().length).toBe(1); // said again in time
  a.drop();
  await clock.advance(1);
  await clock.until(() => da.state.name === 'live');
  await clock.advance(1000);
  expect(others()).toEqual([{ userId: 'ann', state: { cursor: 3 } }]);
  a.crash();
  await clock.advance(100);
  expect(others()).toEqual([]);
  expect(() => db.awareness.set('x'.repeat(4095))).toThrow('4096');
  db.awareness.set('x'.repeat(4094));
});

/** What a page typed, in letters that nobody else types. */
interface Typist {
  page: Page;
  handle: DocHandle;
  /** Typed since the page was last seen with nothing pending. */
  open: string[];
}

async function chaos(seed: number): Promise<void> {
  const made = await makeWorld({ lingerMs: 300, compactUpdates: 7, snapshotOps: 25 }, seed);
  const { world, clock } = made;
  const { random } = world.env;
  const id = await newNote(made);
  const typists: Typist[] = [];
  for (let i = 0; i < 2 + random.int(3); i++) {
    const page = await world.client(`user${i}`);
    typists.push({ page, handle: open(page, id), open: [] });
  }
  const durable = new Set<string>();
  const deleted = new Set<string>();
  let letter = 0x4e00;
  const note = () => {
    for (const typist of typists) {
      const { state, pending } = typist.handle;
      if (state.name !== 'live' || pending) continue;
      for (const char of typist.open) durable.add(char);
      typist.open = [];
    }
  };
  const edit = ({ handle, open }: Typist) => {
    if (!handle.editable) return;
    const text = handle.text('body');
    for (let n = random.int(4); n >= 0; n--) {
      if (text.length > 0 && random.chance(0.2)) {
        const at = random.int(text.length);
        deleted.add(text.charAt(at));
        text.delete(at, 1);
      } else {
        const char = String.fromCharCode(letter++);
        text.insert(random.int(text.length + 1), char);
        open.push(char);
      }
    }
    handle.doc.commit();
  };
  const reload = async (typist: Typist) => {
    await typist.page.reload();
    typist.open = []; // what was neither saved nor sent died with the page
    typist.handle = open(typist.page, id);
  };
  for (let step = 0; step < 120; step++) {
    const typist = random.pick(typists);
    if (random.chance(0.7)) edit(typist);
    if (random.chance(0.05)) typist.page.drop();
    if (random.chance(0.03)) typist.page.setOnline(random.chance(0.7));
    if (random.chance(0.03)) typist.page.pause(random.chance(0.5));
    if (random.chance(0.03)) await reload(typist);
    if (random.chance(0.02)) world.kill();
    if (random.chance(0.04)) world.killAtStatement(1 + random.int(30));
    if (!world.up && random.chance(0.4)) await world.start();
    await clock.advance(random.int(random.chance(0.1) ? 2000 : 60));
    note();
  }
  world.killAtStatement(Number.POSITIVE_INFINITY);
  if (!world.up) await world.start();
  for (const { page } of typists) await page.calm();
  await clock.until(
    () => typists.every(({ handle }) => handle.state.name === 'live' && !handle.pending),
    300_000,
  );
  note();
  await clock.advance(3000);
  const [first, ...others] = typists.map(({ handle }) => textIn(handle));
  for (const text of others) expect(text).toBe(first);
  expect(await columnOf(made, id)).toBe(first);
  expect(await replayOf(made, id)).toBe(first);
  for (const char of durable) if (!deleted.has(char)) expect(first).toContain(char);
  for (const { page } of typists) page.crash();
  await clock.advance(5000);
  expect(made.hub().size).toBe(0); // all let go, all unloaded [D4]
}

/** The text as an independent Loro makes it from what is stored. */
async function replayOf({ world, clock }: Made, id: string): Promise<string> {
  const doc = new LoroDoc();
  await clock.run(
    world.host.store.read(async (snapshot) => {
      for (const table of ['_doc_snapshots', '_doc_updates']) {
        const rows = await snapshot.all(`SELECT bytes FROM ${table} WHERE id = ? ORDER BY rev`, [id]);
        for (const { bytes } of rows) if (bytes instanceof Uint8Array) doc.import(bytes);
      }
    }),
  );
  return doc.getText('body').toString();
}

const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);
test.each(SEEDS)('[D1] [D2] [D4] under drops, crashes and restarts all replicas end equal: seed %i', chaos);
