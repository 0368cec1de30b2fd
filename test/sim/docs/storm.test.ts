/**
 * Documents of every container in a storm: links fail, readers stall, pages die between any two persistence
 * operations or fall silent, the server dies between any two statements, its disk fills up, rights come and
 * go, users change at a page, rows are deleted and made anew. Then everything that rules say is looked at.
 */
import { simulate, type World } from 'ternion/testing';
import { expect } from 'vitest';
import { DOCS, type DocName, type DocsApp, docsApp, trimmingApp } from './app.ts';
import { tokensOf } from './edits.ts';
import type { Person } from './person.ts';
import { columnsOf, type Replay, replay } from './replay.ts';
import { type Storm, weather } from './storm.ts';
import type { Story } from './story.ts';
import { watchOf } from './watch.ts';

/** Small lanes, so that a paused reader soon has to catch up from the vector. */
const options = {
  app: docsApp,
  jitterMs: 30,
  host: { outbox: { highWaterBytes: 500, docsBytes: 1000 } },
};
type Aftermath = { world: World<DocsApp>; story: Story; people: Person[] };

async function inspect({ world, story, people }: Aftermath): Promise<void> {
  expect(story.trespasses(), '[D5] who might not edit').toEqual([]);
  for (const name of DOCS) {
    const log = await replay(world, name);
    const row = story.history.at(story.history.seq).get(name.entity)?.get(name.id);
    if (!row) expect(log, '[D4] nothing is kept of a row that is gone').toBe(null);
    for (const person of people) {
      const right = story.right(person.client.user, name);
      const handle = person.handle(name);
      if (right === 'none') expect(handle.state.name, '[D5] who may not read').toBe('refused');
      else expect(handle.state, '[D5]').toMatchObject({ name: 'live', permission: right });
    }
    if (!row || !log) continue;
    lookAtLog(log, { story, name });
    const { columns, delta } = log;
    expect(row, '[D1] the row says what the log says').toMatchObject(columns);
    expect(row.docRev, '[D11] the row is up to date').toBe(log.rev);
    for (const { client, handle } of readers({ story, people, name })) {
      expect(columnsOf(handle.doc), '[D1] [D5] a page shows what the log says').toEqual(columns);
      expect(handle.text('body').toDelta(), '[D1] marks').toEqual(delta);
      expect(client.rows(name.entity)[name.id], '[D1] the row on a page').toMatchObject(columns);
    }
  }
}

function lookAtLog(log: Replay, { story, name }: { story: Story; name: DocName }): void {
  const { columns, authors } = log;
  const tokens = tokensOf(columns);
  expect(new Set(tokens).size, '[D2] nothing is there twice').toBe(tokens.length);
  const edits = tokens.filter((token) => token.startsWith('facts '));
  expect(columns.votes, '[D2] each edit is there wholly').toBe(edits.length);
  expect(tokens, '[D2] [D6] [D10] what was called durable, or kept').toEqual(
    expect.arrayContaining(story.owed(name)),
  );
  const expected = Array.from({ length: log.rev - log.snapshotRev }, (_, i) => log.snapshotRev + 1 + i);
  expect(log.tail, '[D6] the log has no gap').toEqual(expected);
  const stamps = [...authors.keys()].filter((key) => key.startsWith('s'));
  expect(stamps.sort(), '[D8] edits of functions, and their rows').toEqual(story.stamps(name).sort());
  for (const stamp of stamps) expect(authors.get(stamp), '[D9] the server’s own').toBe('server');
  for (const { put, user } of story.edits.filter((made) => made.name === name)) {
    const [, token] = put[0]!.split(' ');
    if (authors.has(token!)) expect(authors.get(token!), '[D9] whose an edit is').toBe(`user:${user}`);
  }
}

function readers({ story, people, name }: { story: Story; people: Person[]; name: DocName }) {
  return people
    .filter(({ client }) => story.right(client.user, name) !== 'none')
    .map((person) => ({ client: person.client, handle: person.handle(name) }));
}

/** One falls silent; the others see it within the timeout. Nothing of it was ever stored. */
async function fallSilent({ world, story, people }: Aftermath): Promise<void> {
  const { clock } = world.env;
  const [gone, ...others] = people;
  for (const [n, person] of people.entries()) {
    for (const name of DOCS) person.show(name, `here ${n}`);
  }
  await clock.advance(1000);
  const shown = (who: Person[], name: DocName) =>
    readers({ story, people: who, name }).map(({ client }) => client.user);
  const seenBy = (person: Person, name: DocName) => person.seen(name).map((one) => one.split(' ')[0]);
  for (const name of DOCS) {
    for (const person of others) {
      const all = people.filter((one) => one !== person);
      const expected = story.right(person.client.user, name) === 'none' ? [] : shown(all, name);
      expect(seenBy(person, name), '[D7] everybody is seen').toEqual(expected.sort());
    }
  }
  gone!.client.vanish();
  await clock.advance(2500);
  for (const name of DOCS) {
    for (const person of others) {
      const all = others.filter((one) => one !== person);
      const expected = story.right(person.client.user, name) === 'none' ? [] : shown(all, name);
      expect(seenBy(person, name), '[D7] who fell silent is gone').toEqual(expected.sort());
    }
  }
}

async function inStorm(world: World<DocsApp>, storm: Storm): Promise<void> {
  const { story, people } = await weather(world, storm);
  await inspect({ world, story, people });
  await fallSilent({ world, story, people });
  for (const person of people) person.client.crash();
  await world.env.clock.advance(2000);
  for (const { client } of people) await client.calm(); // the silent one's connection ends
  await world.env.clock.advance(2000);
  expect(watchOf(world).instance.hub.size, '[D4] nothing stays loaded').toBe(0);
}

const RULES = '[D1] [D2] [D4] [D5] [D6] [D7] [D8] [D9] [D10] [D11]';

simulate(
  `${RULES} docs: what holds after a storm of two to five pages`,
  { ...options, every: 3 },
  async (world) => {
    const people = 2 + world.env.random.int(4);
    const steady = world.env.random.chance(0.5);
    await inStorm(world, { people, users: ['ada', 'eve', 'bob'], steps: 24 * people, pauseMs: 80, steady });
  },
);

const forgetful = { ...options, every: 9, app: trimmingApp };
simulate(
  `${RULES} docs: what holds after a storm, also when history is trimmed`,
  forgetful,
  async (world) => {
    const people = 2 + world.env.random.int(3);
    const steady = world.env.random.chance(0.5);
    await inStorm(world, { people, users: ['ada', 'eve', 'bob'], steps: 40 * people, pauseMs: 80, steady });
  },
);

const crowd = { ...options, every: 40, host: { outbox: { highWaterBytes: 2000, docsBytes: 8000 } } };
simulate(`${RULES} docs: what holds after a storm of thirty pages`, crowd, async (world) => {
  const users = Array.from({ length: 12 }, (_, n) => `user${n}`);
  await inStorm(world, { people: 30, users, steps: 500, pauseMs: 30, steady: false });
});
