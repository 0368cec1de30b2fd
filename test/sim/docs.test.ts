/**
 * Documents under chaos: three pages type tokens into one text and strike some out, lose their links, stop
 * reading, crash between any two persistence operations; the server is killed between any two statements.
 */

import { defineSchema, entity, field, policy } from 'ternion';
import { type DocHandle, openDoc } from 'ternion/crdt/client';
import { docs } from 'ternion/crdt/server';
import { defineApp } from 'ternion/server';
import { type SimClient, simulate, type World } from 'ternion/testing';
import { expect } from 'vitest';

const Page = entity('Page', { title: field.string(), body: field.richtext() });
const schema = defineSchema({
  entities: [Page],
  policies: [policy({ entity: 'Page', allowRead: 'true', allowInsert: 'true', allowUpdate: 'true' })],
});
const docsApp = () =>
  defineApp({
    schema,
    plugins: [
      docs({
        materialiser: 'inline',
        lingerMs: 200,
        projectMs: 50,
        compactUpdates: 20,
        retry: { baseMs: 20, capMs: 200 },
      }),
    ],
  });
type DocsApp = ReturnType<typeof docsApp>;

const STEPS = 50;
/** Small lanes, so that a paused reader soon has to catch up from the vector. */
const options = { app: docsApp, host: { outbox: { highWaterBytes: 500, docsBytes: 1000 } } };

/** A person at one page: his document, and the tokens he knows to be durable. */
class Writer {
  readonly client: SimClient<DocsApp>;
  readonly #story: Story;
  #handle: DocHandle | undefined;

  constructor(client: SimClient<DocsApp>, story: Story) {
    this.client = client;
    this.#story = story;
    this.open();
  }

  /** After a reload the page opens the document again. */
  open(): void {
    this.#handle = openDoc(this.client.engine, 'Page', this.#story.pageId);
  }

  get text(): string {
    return this.#handle?.text('body').toString() ?? '';
  }

  get settled(): boolean {
    return this.#handle?.state.name === 'live' && !this.#handle.pending;
  }

  type(random: World['env']['random']): void {
    const handle = this.#handle;
    if (!handle?.editable || this.client.crashed) return;
    const text = handle.text('body');
    const tokens = this.text.match(/<[^>]*>/g) ?? [];
    const at = tokens.slice(0, random.int(tokens.length + 1)).join('').length;
    const token = `<${this.#story.issued++}>`;
    text.insert(at, token);
    const victim = random.chance(0.2) && tokens.length > 0 ? random.pick(tokens) : undefined;
    if (victim !== undefined) {
      text.delete(this.text.indexOf(victim), victim.length);
      this.#story.struck.add(victim);
    }
    handle.doc.commit();
    handle.synced().then(
      () => this.#story.durable.add(token),
      () => {}, // the page is gone, or was refused; it never knew
    );
  }
}

interface Story {
  pageId: string;
  issued: number;
  durable: Set<string>;
  /** Struck out by somebody, perhaps somebody whose page died before it could say so. */
  struck: Set<string>;
}

async function trouble(world: World<DocsApp>, writer: Writer): Promise<void> {
  const { random } = world.env;
  const { client } = writer;
  const pick = random.int(8);
  if (pick === 0) client.drop();
  else if (pick === 1) client.setOnline(random.chance(0.5));
  else if (pick === 2) client.pause(random.chance(0.6));
  else if (pick === 3) client.crash(1 + random.int(4));
  else if (pick === 4 && client.crashed) {
    await client.reload();
    writer.open();
  } else if (pick === 5 && !world.up) await world.start();
  else if (pick === 6 && random.chance(0.5)) world.killAtStatement(1 + random.int(40));
  else if (pick === 7 && random.chance(0.3)) world.kill();
}

async function chaos(world: World<DocsApp>): Promise<{ story: Story; writers: Writer[] }> {
  const { random, clock } = world.env;
  const story: Story = { pageId: '', issued: 0, durable: new Set(), struck: new Set() };
  const first = await world.client('ada');
  story.pageId = first.engine.insert('Page', { title: 'shared' });
  await world.settle();
  const clients = [first, await world.client('eve'), await world.client('ada')];
  const writers = clients.map((client) => new Writer(client, story));
  await clock.until(() => writers.every(({ settled }) => settled));
  for (let i = 0; i < STEPS; i++) {
    const writer = random.pick(writers);
    if (random.chance(0.3)) await trouble(world, writer);
    else writer.type(random);
    await clock.advance(random.int(150));
  }
  const dead = writers.filter(({ client }) => client.crashed);
  await world.settle();
  for (const writer of dead) writer.open();
  await clock.until(() => writers.every(({ settled }) => settled));
  await clock.advance(2000); // linger, projection
  return { story, writers };
}

simulate(
  '[D1] docs: at rest all replicas are equal, and the row says what the document says',
  options,
  async (world) => {
    const { story, writers } = await chaos(world);
    const texts = writers.map(({ text }) => text);
    expect(texts).toEqual(texts.map(() => texts[0]));
    const rows = await world.visibleTo('ada', 'Page');
    expect(rows[story.pageId]?.body).toBe(texts[0]);
    for (const { client } of writers) expect(client.rows('Page')[story.pageId]?.body).toBe(texts[0]);
  },
);

simulate(
  '[D2] docs: nothing that was called durable is ever lost, and nothing is there twice',
  options,
  async (world) => {
    const { story, writers } = await chaos(world);
    const tokens = writers[0]!.text.match(/<[^>]*>/g) ?? [];
    expect(tokens.join('')).toBe(writers[0]!.text);
    expect(new Set(tokens).size).toBe(tokens.length);
    for (const token of story.durable) {
      if (!story.struck.has(token)) expect(tokens).toContain(token);
    }
    expect(story.durable.size).toBeGreaterThan(0);
  },
);
