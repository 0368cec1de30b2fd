import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Fault } from '../../src/base/fault.ts';
import { TempDatabase } from '../../src/testing/temp-database.ts';
import { type Booted, boot, codeOf, join } from './testing/booted.ts';

let files: TempDatabase;
beforeEach(() => {
  files = new TempDatabase();
});
afterEach(() => files.remove());

const rowOf = async (booted: Booted) =>
  (await booted.rows("SELECT body, docRev FROM Note WHERE id = 'n'"))[0];
const ref = { entity: 'Note', id: 'n' };

test('[D11] the columns and the revision that they show are one change of the row', async () => {
  const booted = await boot(files);
  await booted.insert('n');
  expect(await rowOf(booted)).toEqual({ body: '', docRev: 0 });
  const changes: unknown[] = [];
  booted.store.onCommit((commits) => {
    for (const { changes: all } of commits) changes.push(...all.map(({ after }) => after));
  });
  const hand = await join(booted, 'n');
  for (const text of ['b', 'a']) {
    hand.push(hand.edit(text));
    await booted.clock.advance(1000);
  }
  expect(changes).toEqual([
    { id: 'n', editor: '*', reader: '*', body: 'b', docRev: 1 },
    { id: 'n', editor: '*', reader: '*', body: 'ab', docRev: 2 },
  ]);
  await booted.stop();
});

test('[D11] a read waits for a revision: one that is there, one that is to come, one that never comes', async () => {
  const booted = await boot(files, { maxProjectionWaits: 1, projectMs: 250 });
  const { instance, clock } = booted;
  await booted.insert('n');
  const hand = await join(booted, 'n');
  const log: string[] = [];
  const wait = (rev: number, timeoutMs?: number) =>
    instance
      .waitForProjection(ref, rev, { timeoutMs })
      .then(() => log.push(`${rev}`))
      .catch((error: Fault) => log.push(error.code));
  await clock.run(wait(0));
  expect(log.splice(0)).toEqual(['0']);
  const first = wait(1);
  hand.push(hand.edit('hi'));
  await clock.run(first);
  expect(log.splice(0)).toEqual(['1']);
  expect(await rowOf(booted)).toEqual({ body: 'hi', docRev: 1 });
  await clock.run(wait(2, 100));
  expect(log.splice(0)).toEqual(['timeout']);
  const [second, third] = [wait(2), wait(2)];
  await clock.run(third);
  expect(log.splice(0)).toEqual(['overloaded']);
  await clock.run(booted.store.write(({ tx }) => tx.delete('Note', 'n')));
  await clock.run(second);
  expect(log).toEqual(['not_found']);
  expect(await codeOf(clock.run(instance.waitForProjection(ref, 1)))).toBe('not_found');
  await booted.stop();
});

test('[D11] rows that a database had before say their revision after the start', async () => {
  const before = await boot(files);
  await before.insert('n');
  const hand = await join(before, 'n');
  hand.push(hand.edit('old'));
  await before.clock.advance(1000);
  await before.clock.run(before.store.write(({ tx }) => tx.run('UPDATE Note SET docRev = 0')));
  await before.stop();
  const after = await boot(files);
  await after.clock.advance(1000);
  expect(await rowOf(after)).toEqual({ body: 'old', docRev: 1 });
  await after.stop();
});
