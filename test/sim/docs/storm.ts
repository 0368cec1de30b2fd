/** A storm over pages, server, rights and rows, with people who go on editing in it. */
import type { SimClient, World } from 'ternion/testing';
import { expect } from 'vitest';
import { trouble } from '../trouble.ts';
import { DOCS, type DocName, type DocsApp } from './app.ts';
import { admit, govern, insert } from './govern.ts';
import { Person } from './person.ts';
import { Story } from './story.ts';

export interface Storm {
  readonly people: number;
  readonly users: readonly string[];
  readonly steps: number;
  /** Rights, rows and identities stay as they are: then an edit that is on a disk is never lost. */
  readonly steady: boolean;
  /** Longest pause between two steps. */
  readonly pauseMs: number;
}

export async function weather(
  world: World<DocsApp>,
  storm: Storm,
): Promise<{ story: Story; people: Person[] }> {
  const { random, clock } = world.env;
  const story = new Story(world);
  await story.follow();
  for (const name of DOCS) await clock.run(insert(world, name));
  for (const userId of storm.users) await clock.run(admit(world, userId));
  const people: Person[] = [];
  for (let n = 0; n < storm.people; n++) {
    people.push(new Person(await world.client(storm.users[n % storm.users.length]!), story));
  }
  await clock.advance(500);
  for (let step = 0; step < storm.steps; step++) {
    const person = random.pick(people);
    const { client } = person;
    if (!world.up && random.chance(0.3)) {
      await world.start();
      await story.follow();
    }
    for (const one of people) one.keep(storm.steady);
    if (random.chance(0.12)) await upset(world, person);
    else if (random.chance(0.02)) await blackOut(world, people);
    else if (random.chance(0.1)) soothe(world, client);
    else if (random.chance(0.08) && !storm.steady) govern(world, storm.users);
    else if (client.crashed) await person.reload();
    else act(world, person, storm);
    await clock.advance(random.chance(0.05) ? 1000 : random.int(storm.pauseMs));
  }
  await calm(world, { story, people });
  return { story, people };
}

/** What people do: mostly, they edit. */
function act(world: World<DocsApp>, person: Person, { users, steady }: Storm): void {
  const { random } = world.env;
  const name = random.pick(DOCS);
  const percent = random.int(100);
  if (percent < 4 && !steady) person.client.become(random.pick(users));
  else if (percent < 9) person.shut(name);
  else if (percent < 16) person.show(name, `at ${world.env.clock.monotonic()}`);
  else for (let n = random.int(3); n >= 0; n--) person.edit(name);
}

async function upset(world: World<DocsApp>, { client }: Person): Promise<void> {
  const { random } = world.env;
  const pick = random.int(10);
  if (pick === 0) world.setDiskFull(true);
  else if (pick === 1) client.vanish();
  else if (world.up && !client.crashed) await trouble(world, client as SimClient<DocsApp>);
}

/** Edits meet a full disk, then the power fails, for the server and for half of the pages. */
async function blackOut(world: World<DocsApp>, people: readonly Person[]): Promise<void> {
  const { random, clock } = world.env;
  world.setDiskFull(true);
  for (const person of people) if (!person.client.crashed) person.edit(random.pick(DOCS));
  await clock.advance(random.int(200));
  world.kill();
  for (const { client } of people) if (random.chance(0.5)) client.crash();
}

function soothe(world: World<DocsApp>, client: SimClient<DocsApp>): void {
  world.setDiskFull(false);
  client.setOnline(true);
  client.pause(false);
}

/** Everybody has every document open that he may read, and everything is through. */
async function calm(
  world: World<DocsApp>,
  { story, people }: { story: Story; people: Person[] },
): Promise<void> {
  const { clock } = world.env;
  const { up } = world;
  const dead = people.filter(({ client }) => client.crashed);
  world.killAtStatement(Number.POSITIVE_INFINITY);
  world.setDiskFull(false);
  if (!up) {
    await world.start();
    await story.follow();
  }
  await world.settle();
  for (const person of dead) person.forget();
  // A document that was refused is asked for again by opening it anew.
  for (const person of people)
    for (const name of person.open) if (person.handle(name).state.name === 'refused') person.shut(name);
  await clock.advance(200);
  for (const person of people) for (const name of DOCS) person.handle(name);
  const restless = () => people.flatMap((person) => DOCS.flatMap((name) => unrest(story, person, name)));
  await clock.until(() => restless().length === 0).catch(() => expect(restless()).toEqual([]));
  await clock.advance(2000); // projections
}

function unrest(story: Story, person: Person, name: DocName): unknown[] {
  const { state, pending } = person.handle(name);
  const { user } = person.client;
  const right = story.right(user, name);
  const rests = right === 'none' ? state.name === 'refused' : state.name === 'live' && !pending;
  return rests ? [] : [{ user, id: name.id, right, state, pending }];
}
