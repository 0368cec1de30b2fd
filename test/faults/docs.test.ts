/** Documents of a real process that is killed with -9 under load, drained, and left without room on its disk. */
import { join } from 'node:path';
import { guestToken } from 'ternion/client';
import type { DocHandle } from 'ternion/crdt/client';
import { SimRandom, TempDatabase } from 'ternion/testing';
import { expect, test } from 'vitest';
import { api } from './faults-app.ts';
import { type Engine, openPaper, page, storedPapers, wordsOf, write } from './papers.ts';
import { SmallDisk } from './tmpfs.ts';
import { Victim } from './victim.ts';

const KILLS = 6;
const PAPERS = 3;
const PAGES = 4;
const MAX_LIFE_MS = 300;
const MB = 1 << 20;
/** Without root no disk can be mounted: then the titles say so. */
const tried = SmallDisk.mount(12);
const why = typeof tried === 'string' ? `: skipped, ${tried}` : '';
if (typeof tried !== 'string') tried.unmount();

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function typists(victim: Victim, count: number) {
  const token = await guestToken(victim.url);
  const engines: Engine[] = [];
  for (let n = 0; n < count; n++) engines.push(await page(victim.url, token));
  const ids = await Promise.all(Array.from({ length: PAPERS }, () => engines[0]!.call(api.papers.make, {})));
  const handles: DocHandle[][] = [];
  for (const engine of engines) handles.push(await Promise.all(ids.map((id) => openPaper(engine, id))));
  return { engines, handles };
}

test(`[D2] [D1] after ${KILLS} x kill -9 every edit is in its document once, and in the row's columns`, async () => {
  const random = new SimRandom(5);
  const database = new TempDatabase();
  const victim = new Victim(database.path);
  await victim.start();
  const { engines, handles } = await typists(victim, PAGES);
  const written = Array.from({ length: PAPERS }, () => [] as string[]);
  let durable = 0;
  let stop = false;
  const type = async (n: number) => {
    for (let i = 0; !stop; i++) {
      const paper = (n + i) % PAPERS;
      for (let burst = i % 3; burst >= 0; burst--) {
        const word = `${n}.${i}.${burst}`;
        write(handles[n]![paper]!, word);
        written[paper]!.push(word);
      }
      if (i % 4 === 0) await handles[n]![paper]!.synced();
      else await pause(random.int(10));
      durable++;
    }
  };
  const typing = handles.map((_, n) => type(n));
  for (let kill = 0; kill < KILLS; kill++) {
    const before = durable;
    if (kill % 2 === 0)
      while (durable < before + 25) await pause(5); // they go on after each restart
    else await pause(random.next() * MAX_LIFE_MS);
    await victim.end('SIGKILL');
    await victim.start();
  }
  stop = true;
  await Promise.all(typing);
  await Promise.all(handles.flat().map((handle) => handle.synced()));
  await victim.end('SIGKILL'); // columns may lag behind now
  await victim.start(); // and catch up at the start
  expect(await victim.end('SIGTERM')).toBe(0);

  for (const [i, { log, row, lag }] of (await storedPapers(database.path)).entries()) {
    const words = [...written].map((list) => [...list].sort());
    const mine = words.find((list) => list.includes(wordsOf(log)[0]!))!;
    expect(wordsOf(log), `paper ${i}`).toEqual(mine);
    expect(Object.keys(log.facts).sort()).toEqual(mine);
    expect(log.votes).toBe(mine.length);
    expect(row).toEqual(log);
    expect(lag).toBe(0);
  }
  for (const engine of engines) await engine.close();
  database.remove();
});

test('[N2] [D2] SIGTERM drains documents: what was received is in the log and in the columns', async () => {
  const database = new TempDatabase();
  const victim = new Victim(database.path);
  await victim.start();
  const { engines, handles } = await typists(victim, 2);
  const all = handles.flat();
  for (let i = 0; i < 20; i++) for (const [n, handle] of all.entries()) write(handle, `${n}.${i}`);
  for (const handle of all) await handle.synced();
  for (const [n, handle] of all.entries()) write(handle, `${n}.last`); // under way
  await pause(5);
  expect(await victim.end('SIGTERM')).toBe(0);
  for (const { log, row, lag } of await storedPapers(database.path)) {
    expect(lag).toBe(0);
    expect(row).toEqual(log);
    expect(wordsOf(log).length).toBeGreaterThanOrEqual(40);
    expect(log.votes).toBe(wordsOf(log).length);
  }
  await victim.start();
  for (const handle of all) await handle.synced();
  expect(await victim.end('SIGTERM')).toBe(0);
  for (const { log } of await storedPapers(database.path)) expect(wordsOf(log).length).toBe(42);
  for (const engine of engines) await engine.close();
  database.remove();
});

test.skipIf(why)(
  `[D10] [D2] on a full disk documents are kept and reported, and written when there is room${why}`,
  async () => {
    const small = SmallDisk.mount(48);
    if (typeof small === 'string') throw new Error(small);
    // Full at 8 MB. Then there is room for the columns and the change log of whatever text had come by then.
    const reserved = small.reserve(40 * MB);
    const path = join(small.path, 'ternion.db');
    const victim = new Victim(path);
    await victim.start();
    const { engines, handles } = await typists(victim, 2);
    const [[first], [second]] = handles as [[DocHandle], [DocHandle]];
    const failing = async () => {
      const text = await (await fetch(`${victim.url}/metrics`)).text();
      return Number(/^ternion_docs_failing (\d+)/m.exec(text)?.[1]);
    };
    let words = 0;
    // Until a word is not durable within some time, and the server says why: the disk is full.
    for (let full = false; !full; words++) {
      expect(words).toBeLessThan(1000);
      write(first, `${words}:${'x'.repeat(40_000)}`);
      full = await Promise.race([first.synced().then(() => false), pause(1500).then(() => true)]);
      full &&= (await failing()) === 1;
    }
    expect(first.pending).toBe(true);
    write(second, `${words++}:other`); // others may go on typing
    await pause(300);
    expect(second.pending).toBe(true);
    expect(second.text('body').toString()).not.toContain(`${words - 2}:`); // nobody sees what is not durable

    reserved.release();
    await Promise.all([first.synced(), second.synced()]);
    expect(await failing()).toBe(0);
    await victim.end('SIGKILL');
    const papers = await storedPapers(path);
    const counts = papers.map(({ log }) => wordsOf(log).length).sort((a, b) => b - a);
    expect(counts).toEqual([words, 0, 0]);
    for (const engine of engines) await engine.close();
    small.unmount();
  },
);
