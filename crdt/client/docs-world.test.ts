/** Documents end to end: the real engine, server, store and codec, in a simulated world. */
import { LoroDoc } from 'loro-crdt';
import { afterEach, expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import { defineApp } from '../../src/plugin/define-app.ts';
import { defineSchema } from '../../src/schema/define-schema.ts';
import { entity } from '../../src/schema/entity.ts';
import { field } from '../../src/schema/field.ts';
import { policy } from '../../src/schema/policy-spec.ts';
import { World } from '../../src/testing/world.ts';
import type { DocsOptions } from '../server/options.ts';
import { type DocsInstance, docs } from '../server/plugin.ts';
import type { DocHandle } from './doc-handle.ts';
import { openDocWith } from './open-doc.ts';
import type { DocOptions } from './options.ts';

const Note = entity('Note', {
  title: field.string(),
  editor: field.string().default('*'),
  reader: field.string().default('*'),
  body: field.richtext(),
});
const schema = defineSchema({
  entities: [Note],
  policies: [
    policy({
      entity: 'Note',
      allowRead: "data.reader == '*' || data.reader == auth.userId",
      allowInsert: 'true',
      allowUpdate: "existing.editor == '*' || existing.editor == auth.userId || auth.userId == 'admin'",
      allowDelete: 'true',
    }),
  ],
});

type NoteApp = ReturnType<typeof appOf>['app'];
function appOf(options: Partial<DocsOptions>) {
  const plugin = docs(options);
  let instance: DocsInstance | undefined;
  const app = defineApp({
    schema,
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
  const row = Note.parseInsert(id, { title: 'a note', ...fields });
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
  expect(new Fault('internal', '')).toBeInstanceOf(Fault);
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

const SEEDS = Array.from({ length: 30 }, (_, i) => i + 1);
test.each(SEEDS)('[D1] [D2] [D4] under drops, crashes and restarts all replicas end equal: seed %i', chaos);
