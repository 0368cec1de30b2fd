/**
 * Membership under chaos: users are put into rooms and taken out of them, messages move between rooms, while
 * links fail, readers stall, pages crash, the server is killed between two statements and its log is trimmed.
 */

import { type SimClient, simulate, type World } from 'ternion/testing';
import { expect } from 'vitest';
import { type MembersApp, membersApp, ROOMS } from './members-app.ts';
import { trouble } from './trouble.ts';

type Client = SimClient<MembersApp>;
type Row = Record<string, unknown>;
const STEPS = 60;
const USERS = ['ada', 'eve'];
const lanes = { outbox: { highWaterBytes: 500, rowsBytes: 1000 } };
const options = { app: membersApp, host: lanes };
/** Nearly every change is too much to look up, and falls back to the log or to a copy. */
const tight = {
  app: membersApp,
  host: { ...lanes, survey: { maxReached: 1, maxWitnesses: 1, maxRead: 8, maxLater: 5 } },
};

function write(world: World<MembersApp>, { engine }: Client): void {
  const { random } = world.env;
  const [members, messages, mutes] = [
    engine.store.list('Member'),
    engine.store.list('Message'),
    engine.store.list('Mute'),
  ];
  const [roomId, userId] = [random.pick(ROOMS), random.pick(USERS)];
  const pick = random.int(10);
  try {
    if (pick <= 1 || members.length === 0)
      engine.insert('Member', { roomId, userId, level: 1 + random.int(2) });
    else if (pick === 2) engine.delete('Member', random.pick(members).id);
    else if (pick === 3) engine.update('Member', random.pick(members).id, { roomId });
    else if (pick <= 5 || messages.length === 0) engine.insert('Message', { roomId, text: 'new' });
    else if (pick === 6) engine.update('Message', random.pick(messages).id, { roomId });
    else if (pick === 7) engine.delete('Message', random.pick(messages).id);
    else if (pick === 8) engine.insert('Shout', { text: 'hey' });
    else if (mutes.length > 0 && random.chance(0.5)) engine.delete('Mute', random.pick(mutes).id);
    else engine.insert('Mute', { userId });
  } catch {
    // A page that does not know yet who it is cannot write; so it is for people.
  }
}

async function chaos(world: World<MembersApp>): Promise<void> {
  const { random, clock } = world.env;
  for (const user of ['ada', 'ada', 'eve']) await world.client(user);
  for (let i = 0; i < STEPS; i++) {
    const client = random.pick(world.clients);
    if (random.chance(0.3)) await trouble(world, client);
    else if (!client.crashed) write(world, client);
    await clock.advance(random.int(120));
  }
}

/** Without SQL and without policies: plain loops over plain rows. */
async function naive(world: World<MembersApp>, user: string | null): Promise<Record<string, Row[]>> {
  const { store } = world.host;
  const all = async (entity: string): Promise<Row[]> =>
    world.env.clock.run(store.read((snapshot) => snapshot.select({ entity })));
  const [members, messages, shouts, mutes] = [
    await all('Member'),
    await all('Message'),
    await all('Shout'),
    await all('Mute'),
  ];
  return {
    Member: members,
    Mute: mutes,
    Message: messages.filter(({ roomId }) =>
      members.some((member) => member.roomId === roomId && member.userId === user),
    ),
    Shout: mutes.some(({ userId }) => userId === user) ? [] : shouts,
  };
}

for (const [limits, world] of [
  ['with room to look things up', options],
  ['with none', tight],
] as const) {
  simulate(
    `[S1] [P4] members: at rest every page shows what its user may see, ${limits}`,
    world,
    async (world) => {
      await chaos(world);
      await world.settle();
      for (const client of world.clients) {
        for (const [entity, rows] of Object.entries(await naive(world, client.user))) {
          const byId = Object.fromEntries(rows.map((row) => [row.id, row]));
          expect(client.rows(entity), entity).toEqual(byId);
          expect(await world.visibleTo(client.user, entity), entity).toEqual(byId);
        }
      }
    },
  );
}
