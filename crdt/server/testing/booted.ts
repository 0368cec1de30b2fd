/** For tests: a docs plugin of notes that was started on a store of its own. */
import type { Fault } from '../../../src/base/fault.ts';
import { Access } from '../../../src/policy/access.ts';
import { Store } from '../../../src/store/store.ts';
import { simEnv } from '../../../src/testing/sim-env.ts';
import type { TempDatabase } from '../../../src/testing/temp-database.ts';
import type { DocsOptions } from '../options.ts';
import { docs } from '../plugin.ts';
import { Hand } from './hand.ts';
import { Note, notesSchema } from './notes.ts';
import { Trouble } from './trouble.ts';

/** The docs plugin on a real store, with hands on all its ends. */
export async function boot(files: TempDatabase, options: Partial<DocsOptions> = {}) {
  const env = simEnv();
  const { clock } = env;
  const trouble = new Trouble();
  const { writer, reader } = files.open();
  const drivers = { writer: trouble.driver(writer), reader: trouble.driver(reader) };
  const store = new Store(env, { schema: notesSchema, drivers });
  const access = new Access(notesSchema, () => clock.now());
  const instance = docs({ materialiser: 'inline', ...options }).create({
    env,
    schema: notesSchema,
    store,
    access,
  });
  await store.open(instance.tables);
  await clock.run(instance.start());
  const insert = (id: string, { editor = '*', reader: who = '*' } = {}) =>
    clock.run(store.write(({ tx }) => tx.insert('Note', Note.parseInsert(id, { editor, reader: who }))));
  const update = (id: string, patch: { editor?: string; reader?: string }) =>
    clock.run(store.write(({ tx }) => tx.update('Note', id, patch)));
  const rows = (sql: string) => clock.run(store.read((snapshot) => snapshot.all(sql)));
  const body = async (id: string) => (await rows(`SELECT body FROM Note WHERE id = '${id}'`))[0]?.body;
  const stop = () => clock.run(instance.close().then(() => store.close()));
  return { env, clock, store, instance, hub: instance.hub, trouble, insert, update, rows, body, stop };
}
export type Booted = Awaited<ReturnType<typeof boot>>;

/** A channel of `user` on a note's document. */
export async function open(
  { instance, clock }: Booted,
  id: string,
  user: string | null = 'ann',
): Promise<Hand> {
  const hand = new Hand(user);
  hand.handler = await clock.run(instance.channels.doc(hand, { entity: 'Note', id }));
  return hand;
}

/** As `open`, joined, with the leased peer id taken. */
export async function join(booted: Booted, id: string, user: string | null = 'ann'): Promise<Hand> {
  const hand = await open(booted, id, user);
  hand.join();
  await booted.clock.until(() => hand.all('joined').length > 0 || hand.fault !== undefined);
  const { peer } = hand.last('joined');
  if (peer !== 0n) hand.doc.setPeerId(peer);
  return hand;
}

/** The code that a task fails with. */
export const codeOf = (task: Promise<unknown>) =>
  task.then(
    () => 'none',
    (error: Fault) => error.code,
  );
