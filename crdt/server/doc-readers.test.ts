/** Updates that server code commits with its rows, and that the live document follows. Hand-made clients, real store. */
import { LoroDoc } from 'loro-crdt';
import { afterEach, expect, test } from 'vitest';
import { simEnv } from '../../src/testing/sim-env.ts';
import { TempDatabase } from '../../src/testing/temp-database.ts';
import { DEFAULT_DOCS } from './options.ts';
import { type Booted, boot as bootOn, join } from './testing/booted.ts';
import { UpdateLog } from './update-log.ts';

const database = { files: new TempDatabase() };
afterEach(() => {
  database.files.remove();
  database.files = new TempDatabase();
});

const REF = { entity: 'Note', id: 'n1' };
const boot = (options = {}) => bootOn(database.files, options);

/** Edits by the server, each in a transaction of its own. */
function serverEdits({ store, hub }: Booted, epoch: string) {
  const log = new UpdateLog(simEnv(), store, DEFAULT_DOCS);
  const doc = new LoroDoc();
  const commit = async (letter: string) => {
    const from = doc.oplogVersion();
    doc.getText('body').push(letter);
    doc.commit();
    const bytes = doc.export({ mode: 'update', from });
    const { value: rev } = await store.write(({ tx }) => log.appendWithin(tx, REF, { epoch, bytes }));
    return () => hub.adopt(REF, { epoch, rev, bytes });
  };
  return { commit };
}

const documentEpoch = (joined: string) => joined.split('.')[1]!;

test('[D8] what a mutation commits reaches readers, the row and the next load, among edits of clients', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const [a, b] = [await join(booted, 'n1'), await join(booted, 'n1', 'bob')];
  const { commit } = serverEdits(booted, documentEpoch(a.last('joined').epoch));
  a.push(a.edit('client '));
  const adopt = await booted.clock.run(commit('S'));
  adopt();
  a.push(a.edit('more '));
  await booted.clock.advance(1000);
  expect(b.text).toBe(a.text);
  expect([...b.text].sort().join('').trim()).toBe([...'Sclientmore'].sort().join(''));
  expect(b.all('update').map(({ rev }) => rev)).toEqual(b.all('update').map((_, i) => i + 1));
  expect(await booted.body('n1')).toBe(a.text);
  await booted.stop();
  const again = await boot();
  expect((await join(again, 'n1')).text).toBe(a.text);
});

test('[D2] the news of two revisions may come in either order; readers get them in that of the log', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  const { commit } = serverEdits(booted, documentEpoch(a.last('joined').epoch));
  const [first, second] = [await booted.clock.run(commit('1')), await booted.clock.run(commit('2'))];
  second();
  a.push(a.edit('x'));
  await booted.clock.advance(100);
  expect(a.all('update')).toEqual([]);
  first();
  await booted.clock.advance(100);
  expect(a.all('update').map(({ rev }) => rev)).toEqual([1, 2, 3]);
  expect([...a.text].sort().join('')).toBe('12x');
  expect(a.last('ack')).toEqual({ kind: 'ack', n: 1, level: 'durable' });
});

test('a revision of which nobody tells ends the live document, and the next load has it', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  const { commit } = serverEdits(booted, documentEpoch(a.last('joined').epoch));
  await booted.clock.run(commit('untold '));
  a.push(a.edit('x'));
  await booted.clock.advance(6000);
  expect(a.fault?.code).toBe('internal');
  expect([...(await join(booted, 'n1')).text].sort().join('').trim()).toBe([...'untoldx'].sort().join(''));
});

test('between two commits of a document there is a least time, which readers lengthen; the first waits for nothing', async () => {
  const booted = await boot({ commitMs: 10, commitMsPerReader: 5, maxCommitMs: 25 });
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  const durable = () => a.all('ack').flatMap(({ n, level }) => (level === 'durable' ? [n] : []));
  a.push(a.edit('1'));
  await booted.clock.advance(0);
  expect(durable()).toEqual([1]);
  a.push(a.edit('2'));
  await booted.clock.advance(14);
  expect(durable()).toEqual([1]);
  a.push(a.edit('3'));
  await booted.clock.advance(1);
  expect(durable()).toEqual([1, 3]); // both in one
  for (const user of ['bob', 'cat', 'dan']) await join(booted, 'n1', user);
  await booted.clock.advance(100);
  a.push(a.edit('4'));
  await booted.clock.advance(1);
  expect(durable().at(-1)).toBe(4);
  a.push(a.edit('5'));
  await booted.clock.advance(23);
  expect(durable().at(-1)).toBe(4);
  await booted.clock.advance(1);
  expect(durable().at(-1)).toBe(5); // four readers would make it 30
});

test('so many pushes in wait end the wait for a commit, at their edge', async () => {
  const booted = await boot({ commitMs: 50, maxCommitMs: 50, commitPushes: 3 });
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  const durable = () => a.all('ack').flatMap(({ n, level }) => (level === 'durable' ? [n] : []));
  a.push(a.edit('0'));
  await booted.clock.advance(1);
  for (const letter of '12') a.push(a.edit(letter));
  await booted.clock.advance(1);
  expect(durable()).toEqual([1]);
  a.push(a.edit('3'));
  await booted.clock.advance(1);
  expect(durable()).toEqual([1, 4]);
});

test('`received` waits a little for a commit that makes it superfluous, and no longer', async () => {
  const booted = await boot({ receivedMs: 20 });
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  a.push(a.edit('1'));
  await booted.clock.advance(50);
  expect(a.all('ack').map(({ level }) => level)).toEqual(['durable']);
  booted.trouble.broken = 'INTO _doc_updates';
  a.push(a.edit('2'));
  await booted.clock.advance(19);
  expect(a.all('ack').length).toBe(1);
  await booted.clock.advance(1);
  expect(a.last('ack')).toEqual({ kind: 'ack', n: 2, level: 'received' });
});
