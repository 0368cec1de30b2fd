/** Somebody in charge, on the server: gives rights and takes them, deletes rows and makes them anew. */
import type { World } from 'ternion/testing';
import { Board, DOCS, type DocName, type DocsApp, Member, Page, ROOMS } from './app.ts';

type Docs = World<DocsApp>;
type Deed = (world: Docs, users: readonly string[]) => Promise<unknown>;

const [B1, B2, P1] = DOCS;
const who = ({ env }: Docs, users: readonly string[]) => env.random.pick(['*', '*', ...users]);
const DEEDS: readonly Deed[] = [
  (world, users) => patch(world, B1, { editor: who(world, users) }),
  (world, users) => patch(world, B1, { reader: who(world, users) }),
  (world, users) => patch(world, B2, { editor: who(world, users), reader: who(world, users) }),
  (world) => patch(world, P1, { roomId: world.env.random.pick(ROOMS) }),
  (world, users) => admit(world, world.env.random.pick(users)),
  (world, users) => admit(world, world.env.random.pick(users)),
  (world, users) => dismiss(world, world.env.random.pick(users)),
  (world) => remake(world, world.env.random.pick(DOCS)),
];

/** One deed, begun: the server may die over it. */
export function govern(world: Docs, users: readonly string[]): void {
  if (!world.up) return;
  const { random } = world.env;
  random
    .pick(DEEDS)(world, users)
    .catch(() => {}); // the disk is full, or the row is not there
}

export function insert(world: Docs, { entity, id }: DocName) {
  const row = entity === 'Board' ? Board.parseInsert(id, {}) : Page.parseInsert(id, { roomId: ROOMS[0]! });
  return world.host.store.write(({ tx }) => tx.insert(entity, row));
}

export function admit(world: Docs, userId: string) {
  const { random } = world.env;
  const roomId = random.chance(0.8) ? ROOMS[0]! : ROOMS[1]!;
  const row = Member.parseInsert(world.newId(), { roomId, userId, level: random.chance(0.3) ? 1 : 2 });
  return world.host.store.write(({ tx }) => tx.insert('Member', row));
}

function dismiss(world: Docs, userId: string) {
  return world.host.store.write(async ({ tx }) => {
    const rows = await tx.all('SELECT id FROM "Member" WHERE "userId" = ?', [userId]);
    for (const { id } of rows) await tx.delete('Member', String(id));
  });
}

function patch({ host }: Docs, { entity, id }: DocName, fields: Record<string, string>) {
  return host.store.write(({ tx }) => tx.update(entity, id, fields));
}

/** Deleted, and made anew at once or some time later. */
async function remake(world: Docs, name: DocName): Promise<void> {
  const { store } = world.host;
  const { random, clock } = world.env;
  const gone = store.write(({ tx }) => tx.delete(name.entity, name.id)).catch(() => {});
  if (random.chance(0.5)) await new Promise<void>((resolve) => clock.after(random.int(500), resolve));
  if (world.up) await insert(world, name);
  await gone;
}
