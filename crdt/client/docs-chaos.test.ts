/** Documents under drops, crashes and restarts. */
import { LoroDoc } from 'loro-crdt';
import { expect, test } from 'vitest';
import type { DocHandle } from './doc-handle.ts';
import { columnOf, type Made, makeWorld, newNote, open, type Page, textIn } from './testing/docs-world.ts';

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
