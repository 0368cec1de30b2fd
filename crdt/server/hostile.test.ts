/**
 * Updates with a right checksum and wrong contents: the server lives, and nobody else loses anything. Some hundred of
 * them here; ten thousand in test/faults/hostile-updates.test.ts. [D3]
 */
import { afterEach, expect, test } from 'vitest';
import { TempDatabase } from '../../src/testing/temp-database.ts';
import { boot as bootOn, join } from './testing/booted.ts';
import { PagesLoro } from './testing/pages-loro.ts';
import { type Ground, historyOf, siege } from './testing/siege.ts';

const database = { files: new TempDatabase() };
afterEach(() => {
  database.files.remove();
  database.files = new TempDatabase();
});

for (const tryFirst of [[], ['Note']]) {
  test(`[D3] a siege of 300 forged updates, tried ${tryFirst.length > 0 ? 'first' : 'after the relay'}`, async () => {
    const booted = await bootOn(database.files, { tryFirst, maxStrikes: 1e9, maxRefusals: 1e9 });
    const { env, instance, clock } = booted;
    const documents = ['n1', 'n2'];
    for (const id of [...documents, 'calm']) await booted.insert(id);
    const calm = await join(booted, 'calm');
    calm.push(calm.edit('calm'));
    const ground: Ground = {
      env,
      random: env.random,
      instance,
      pages: new PagesLoro(),
      wait: (ms) => clock.advance(ms),
    };
    const plan = { documents, attackers: ['eve', 'mallory'], mutations: 300 };
    const { toll, citizens } = await siege(ground, plan);
    expect(toll.silent).toBeUndefined();
    await clock.advance(2000);
    for (const id of documents) {
      const fresh = await join(booted, id, 'carl');
      const here = citizens.filter((citizen) => citizen.id === id);
      for (const citizen of here) {
        expect(citizen.wrongs).toEqual([]);
        expect(citizen.text).toBe(fresh.text);
        for (const word of citizen.durable) expect(historyOf(fresh)).toContain(word);
      }
      expect(await booted.body(id)).toBe(fresh.text);
    }
    expect(calm.fault).toBeUndefined();
    expect(await booted.body('calm')).toBe('calm');
  });
}
