/** Documents in several tabs of one browser, over the socket of one of them: they type, crash, and go offline. */
import { defineSchema, entity, field, policy } from 'ternion';
import { type DocHandle, openDocWith } from 'ternion/crdt/client';
import { docs } from 'ternion/crdt/server';
import { defineApp } from 'ternion/server';
import { simulate, type World } from 'ternion/testing';
import { expect } from 'vitest';
import { SimBrowser, SimTab } from './tabs-kit.ts';

const Page = entity('Page', { title: field.string(), body: field.richtext() });
const schema = defineSchema({
  entities: [Page],
  policies: [policy({ entity: 'Page', allowRead: 'true', allowInsert: 'true', allowUpdate: 'true' })],
});
const docsApp = () =>
  defineApp({ schema, plugins: [docs({ lingerMs: 200, projectMs: 50, retry: { baseMs: 20, capMs: 200 } })] });
type DocsApp = ReturnType<typeof docsApp>;
const ADA = 'ada';

interface Writer {
  tab: SimTab<DocsApp>;
  handle: DocHandle;
}

async function newWriter(
  world: World<DocsApp>,
  browser: SimBrowser,
  page: { id: string; tab?: SimTab<DocsApp> },
) {
  // A tab whose page crashed left its disk.
  const state = page.tab?.crash();
  const tab = new SimTab(world, browser, { user: ADA, ...(state && { state }) });
  await world.env.clock.run(tab.engine.start());
  return { tab, handle: openDocWith(tab.engine, { entity: 'Page', id: page.id }, { persistMs: 10 }) };
}

simulate(
  '[D1] [D2] tabs: what each tab types is in the document once, whoever leads and whoever dies',
  { app: docsApp },
  async (world) => {
    const { clock, random } = world.env;
    const browser = new SimBrowser(world.env);
    const id = world.newId();
    await clock.run(
      world.host.store.write(({ tx }) => tx.insert('Page', Page.parseInsert(id, { title: 't' }))),
    );
    const writers: Writer[] = [];
    for (let i = 0; i < 2 + random.int(2); i++) writers.push(await newWriter(world, browser, { id }));
    let letter = 0x4e00;
    const typed: string[] = [];
    for (let step = 0; step < 30; step++) {
      const at = random.int(writers.length);
      const { tab, handle } = writers[at]!;
      const pick = random.int(10);
      if (pick < 7 && handle.editable) {
        const char = String.fromCharCode(letter++);
        const text = handle.text('body');
        text.insert(random.int(text.length + 1), char);
        handle.doc.commit();
        typed.push(char);
      } else if (pick === 7) {
        tab.online = random.chance(0.6);
        if (!tab.online) tab.drop();
      } else if (pick === 8) {
        await clock.advance(12); // what was typed is on the disk
        writers[at] = await newWriter(world, browser, { id, tab });
      } else if (random.chance(0.3)) {
        world.kill();
        await clock.advance(random.int(100));
        await world.start();
      }
      await clock.advance(random.int(100));
    }
    for (const { tab } of writers) {
      tab.online = true;
      tab.engine.nudge();
    }
    const settled = ({ handle }: Writer) => handle.state.name === 'live' && !handle.pending;
    await clock.until(() => writers.every(settled), 300_000);
    await clock.advance(2000);
    const texts = writers.map(({ handle }) => handle.text('body').toString());
    for (const text of texts) expect(text).toBe(texts[0]);
    expect([...texts[0]!].toSorted()).toEqual(typed.toSorted());
    expect(writers.reduce((sum, { tab }) => sum + tab.sockets, 0)).toBe(1);
    for (const { tab } of writers) tab.crash();
  },
);
