/**
 * [D3] end to end: ten thousand forged updates (a right checksum around changed contents) from forty identities, on
 * documents that honest pages write to at the same time. The server's own parts on a real database, a real clock and a
 * real worker thread; the pages speak the wire by hand. Runs alone with
 * `npx vitest run --project e2e test/faults/hostile-updates.test.ts`.
 */
import { setTimeout } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { docs } from '../../crdt/server/plugin.ts';
import { Note, notesSchema } from '../../crdt/server/testing/notes.ts';
import { PagesLoro } from '../../crdt/server/testing/pages-loro.ts';
import { Citizen, type Ground, siege } from '../../crdt/server/testing/siege.ts';
import { Access } from '../../src/policy/access.ts';
import { nodeEnv } from '../../src/server/node-env.ts';
import { Store } from '../../src/store/store.ts';
import { SimRandom } from '../../src/testing/sim-random.ts';
import { TempDatabase } from '../../src/testing/temp-database.ts';

const MUTATIONS = 10_000;
const IDENTITIES = 40;
const DOCUMENTS = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8'];

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve() {
  const files = new TempDatabase();
  const env = nodeEnv('silent');
  const store = new Store(env, { schema: notesSchema, drivers: files.open() });
  const access = new Access(notesSchema, () => env.clock.now());
  // An identity is never barred and no channel ends for many refusals: nothing would be left to refuse.
  const plugin = docs({ maxStrikes: MUTATIONS, maxRefusals: MUTATIONS, projectMs: 50 });
  const instance = plugin.create({ env, schema: notesSchema, store, access });
  await store.open(instance.tables);
  await instance.start();
  cleanups.push(async () => {
    await instance.close();
    await store.close();
    files.remove();
  });
  return { env, store, instance };
}

test('[D3] ten thousand forged updates: the server lives, nobody else loses anything', {
  timeout: 1_500_000,
}, async () => {
  const { env, store, instance } = await serve();
  for (const id of [...DOCUMENTS, 'calm'])
    await store.write(({ tx }) => tx.insert('Note', Note.parseInsert(id, { editor: '*', reader: '*' })));
  const ground: Ground = {
    env,
    random: new SimRandom(1),
    instance,
    pages: new PagesLoro(),
    wait: (ms) => setTimeout(ms).then(() => {}),
  };
  const calm = new Citizen(ground, 'ann', 'calm');
  await calm.act(true);
  const attackers = Array.from({ length: IDENTITIES }, (_, i) => `eve${i}`);
  const { toll, citizens } = await siege(ground, { documents: DOCUMENTS, attackers, mutations: MUTATIONS });
  await instance.hub.settle();

  const gauges = Object.fromEntries(instance.gauges.map(({ name, read }) => [name, read()]));
  const restarts = citizens.reduce((sum, citizen) => sum + citizen.restarts, 0);
  env.log.info('siege', { ...toll, ...gauges, restarts });
  process.stdout.write(`${JSON.stringify({ toll, gauges, restarts, pageTraps: ground.pages.traps })}\n`);
  const answers = Object.keys(toll).filter((answer) => !/^(acked|(refused|closed) [a-z_]+)$/.test(answer));
  expect(answers).toEqual([]);
  expect(Object.values(toll).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(MUTATIONS);
  expect(gauges.ternion_docs_trial_traps).toBeGreaterThan(20); // the worker was replaced, too
  for (const citizen of [...citizens, calm]) {
    const witness = new Citizen(ground, 'carl', citizen.id);
    await witness.act(false);
    expect(citizen.wrongs).toEqual([]);
    expect(citizen.text).toBe(witness.text);
    const row = await store.read((snapshot) => snapshot.get('Note', citizen.id));
    expect(row?.body).toBe(witness.text);
    for (const word of citizen.durable) expect(witness.history).toContain(word);
    expect(citizen.durable.size).toBeGreaterThan(0);
  }
  expect(calm.restarts).toBe(1);
});
