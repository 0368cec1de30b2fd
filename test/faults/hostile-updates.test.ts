/**
 * [D3] end to end: forged updates (a right checksum around changed contents) from forty identities, on documents
 * that honest pages write to at the same time. The server's own parts on a real database, a real clock and a real
 * worker thread; the pages speak the wire by hand. 300 of them and both ways of trying, or as many as TERNION_FORGED
 * says: `npm run nightly -- forged` sends 10,000 each way and prints what became of them.
 */
import { setTimeout } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import type { DocsOptions } from '../../crdt/server/options.ts';
import { docs } from '../../crdt/server/plugin.ts';
import { Note, notesSchema } from '../../crdt/server/testing/notes.ts';
import { PagesLoro } from '../../crdt/server/testing/pages-loro.ts';
import { Citizen, type Ground, siege } from '../../crdt/server/testing/siege.ts';
import { Access } from '../../src/policy/access.ts';
import { nodeEnv } from '../../src/server/node-env.ts';
import { Store } from '../../src/store/store.ts';
import { SimRandom } from '../../src/testing/sim-random.ts';
import { TempDatabase } from '../../src/testing/temp-database.ts';

const FORGED = Number(process.env.TERNION_FORGED ?? 300);
const SEED = Number(process.env.TERNION_SEED ?? 1);
const IDENTITIES = 40;
const DOCUMENTS = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8'];
const MAX_RSS_BYTES = 1 << 30;
const PATIENCE_MS_PER_UPDATE = 300;

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A server, and a tally of what its log says. */
async function serve(options: Partial<DocsOptions>) {
  const files = new TempDatabase();
  const said: Record<string, number> = {};
  const tally = (event: string, { message, reason, error }: Record<string, unknown> = {}) => {
    const line = [event, message ?? reason ?? error]
      .filter((part) => part !== undefined)
      .join(': ')
      .replace(/\d{6,}/g, 'N');
    said[line] = (said[line] ?? 0) + 1;
  };
  const log = { debug: () => {}, info: tally, warn: tally, error: tally };
  const env = { ...nodeEnv('silent'), log };
  const store = new Store(env, { schema: notesSchema, drivers: files.open() });
  const access = new Access(notesSchema, () => env.clock.now());
  // An identity is never barred and no channel ends for many refusals: nothing would be left to refuse.
  const plugin = docs({ maxStrikes: FORGED, maxRefusals: FORGED, projectMs: 50, ...options });
  const instance = plugin.create({ env, schema: notesSchema, store, access });
  await store.open(instance.tables);
  await instance.start();
  cleanups.push(async () => {
    await instance.close();
    await store.close();
    files.remove();
  });
  return { env, store, instance, said };
}

const WAYS: Record<string, Partial<DocsOptions>> = {
  'tried first': { tryFirst: ['Note'] },
  // Nobody stays a suspect, or all would soon be tried first.
  'tried after the relay': { suspectMs: 1 },
};

for (const [way, options] of Object.entries(WAYS)) {
  test(`[D3] ${FORGED} forged updates, ${way}: the server lives, nobody else loses anything`, {
    timeout: 60_000 + FORGED * PATIENCE_MS_PER_UPDATE,
  }, async () => {
    const { env, store, instance, said } = await serve(options);
    for (const id of [...DOCUMENTS, 'calm'])
      await store.write(({ tx }) => tx.insert('Note', Note.parseInsert(id, { editor: '*', reader: '*' })));
    const ground: Ground = {
      env,
      random: new SimRandom(SEED),
      instance,
      pages: new PagesLoro(),
      wait: (ms) => setTimeout(ms).then(() => {}),
    };
    const calm = new Citizen(ground, 'ann', 'calm');
    await calm.act(true);
    const attackers = Array.from({ length: IDENTITIES }, (_, i) => `eve${i}`);
    const progress = (pushed: number) => process.stdout.write(`${way}: ${pushed} of ${FORGED}\n`);
    const plan = { documents: DOCUMENTS, attackers, mutations: FORGED, progress };
    const { toll, citizens } = await siege(ground, plan);
    await calm.act(false);
    await instance.hub.settle();

    const gauges = Object.fromEntries(instance.gauges.map(({ name, read }) => [name, read()]));
    const restarts = citizens.reduce((sum, citizen) => sum + citizen.restarts, 0);
    const rssBytes = process.memoryUsage().rss;
    const table = { way, seed: SEED, toll, said, gauges, restarts, pageTraps: ground.pages.traps, rssBytes };
    process.stdout.write(`${JSON.stringify(table, null, 1)}\n`);
    const answers = Object.keys(toll).filter((answer) => !/^(acked|(refused|closed) [a-z_]+)$/.test(answer));
    expect(answers).toEqual([]);
    expect(Object.values(toll).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(FORGED);
    expect(rssBytes).toBeLessThan(MAX_RSS_BYTES);
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
}
