/** Who changed a document when, versions with names, going back: asked by server code and by clients. */
import fc from 'fast-check';
import type { PeerID } from 'loro-crdt';
import { afterEach, expect, test } from 'vitest';
import { type Decider, ELEVATED } from '../../src/functions/row-source.ts';
import { TempDatabase } from '../../src/testing/temp-database.ts';
import { MAX_ASKS, MAX_PAGE } from '../core/history.ts';
import { formatVersion, parseVersion } from './doc-version.ts';
import type { DocsOptions } from './options.ts';
import type { ServerDocs } from './server-docs.ts';
import { type Booted, boot as bootOn, codeOf, join } from './testing/booted.ts';
import type { Hand } from './testing/hand.ts';
import { notesSchema } from './testing/notes.ts';

const database = { files: new TempDatabase() };
afterEach(() => {
  database.files.remove();
  database.files = new TempDatabase();
});

async function boot(options: Partial<DocsOptions> = {}) {
  const booted = await bootOn(database.files, options);
  await booted.insert('n1');
  return booted;
}

/** `ctx.docs` of an action of `user`. */
function docsOf({ instance }: Booted, user = 'ann', access: Decider = ELEVATED) {
  const viewer = { userId: user, kind: 'user', roles: [], name: null } as const;
  const sight = { schema: notesSchema, access, viewer, onElevated: () => {} };
  return instance.context.docs({ sight, job: undefined, signal: undefined }) as ServerDocs<
    typeof notesSchema
  >;
}

async function typeAs({ clock }: Booted, hand: Hand, text: string): Promise<void> {
  hand.push(hand.edit(text, hand.text.length));
  await clock.advance(100);
}

let asked = 0;
async function ask({ clock }: Booted, hand: Hand, question: object) {
  const id = ++asked;
  hand.up({ kind: 'ask', id, json: JSON.stringify(question) });
  await clock.until(() => hand.all('told').some((told) => told.id === id));
  const { ok, json } = hand.all('told').find((told) => told.id === id)!;
  return { ok, value: JSON.parse(json) };
}

test('stretches of changes have their authors and the time of the server, and lead from version to version', async () => {
  const booted = await boot({ historyMs: 60_000 });
  const { clock, store } = booted;
  const [ann, bob] = [await join(booted, 'n1'), await join(booted, 'n1', 'bob')];
  const began = store.now();
  await typeAs(booted, ann, 'one ');
  await typeAs(booted, bob, 'two ');
  await clock.advance(60_000);
  await typeAs(booted, bob, 'three ');
  await clock.advance(60_000);
  await clock.run(docsOf(booted, 'eve').edit('Note', 'n1', (doc) => doc.getText('body').insert(0, 'zero ')));
  const { changes, before } = await clock.run(docsOf(booted).history('Note', 'n1'));
  expect(changes.map(({ authors }) => authors)).toEqual([['eve'], ['bob'], ['ann', 'bob']]);
  expect(before).toBe(null);
  expect(changes[2]!.at - began).toBeLessThan(1000);
  expect(changes[1]!.at - changes[2]!.at).toBeGreaterThanOrEqual(60_000);
  const view = async (version: string) => (await clock.run(docsOf(booted).view('Note', 'n1', version))).body;
  expect(await view(changes[2]!.since)).toBe('');
  expect(await view(changes[2]!.version)).toBe('one two ');
  expect(await view(changes[1]!.version)).toBe('one two three ');
  expect(await view(changes[0]!.version)).toBe('zero one two three ');
  expect(changes.slice(0, 2).map(({ since }) => since)).toEqual(
    changes.slice(1).map(({ version }) => version),
  );
  const told = await ask(booted, ann, { t: 'list' });
  expect(told).toEqual({ ok: true, value: { changes, before } });
});

test('[N3] a history comes in pages, and keeps maxHistory stretches', async () => {
  const booted = await boot({ historyMs: 1, maxHistory: 7 });
  const { clock } = booted;
  const ann = await join(booted, 'n1');
  for (let n = 0; n < 10; n++) await typeAs(booted, ann, `${n}`);
  const all = (await ask(booted, ann, { t: 'list' })).value.changes;
  expect(all.length).toBe(7);
  const paged: unknown[] = [];
  for (let before: number | undefined; ; ) {
    const page = await clock.run(docsOf(booted).history('Note', 'n1', { limit: 3, before }));
    paged.push(...page.changes);
    expect(page.changes.length).toBe(page.before === null ? 1 : 3);
    if (page.before === null) break;
    before = page.before;
  }
  expect(paged).toEqual(all);
  const tooMany = docsOf(booted).history('Note', 'n1', { limit: MAX_PAGE + 1 });
  expect(await clock.run(codeOf(tooMany))).toBe('invalid');
  expect((await ask(booted, ann, { t: 'list', limit: MAX_PAGE + 1 })).value.code).toBe('invalid');
});

test('[D2] a restoration is an edit by who asked for it: merged, durable, in the history', async () => {
  const booted = await boot({ historyMs: 1 });
  const { clock } = booted;
  const [ann, bob] = [await join(booted, 'n1'), await join(booted, 'n1', 'bob')];
  await typeAs(booted, ann, 'good');
  const { value } = await ask(booted, ann, { t: 'name', name: 'before the storm' });
  await typeAs(booted, bob, ' and bad');
  expect(await ask(booted, bob, { t: 'restore', version: value })).toEqual({ ok: true, value: null });
  expect(ann.text).toBe('good');
  expect(await booted.body('n1')).toBe('good');
  const [newest] = (await ask(booted, ann, { t: 'list' })).value.changes;
  expect(newest.authors).toEqual(['bob']);
  const same = await ask(booted, bob, { t: 'restore', version: value });
  expect(same.ok).toBe(true);
  await clock.run(docsOf(booted, 'eve').restore('Note', 'n1', newest.since));
  await clock.advance(100);
  expect(ann.text).toBe('good and bad');
  await booted.stop();
  const again = await bootOn(database.files);
  expect((await join(again, 'n1')).text).toBe('good and bad');
});

test('[N3] versions have names: unique in their document, and at most maxNames', async () => {
  const booted = await boot({ maxNames: 2 });
  const { clock } = booted;
  const ann = await join(booted, 'n1');
  const docs = docsOf(booted);
  const first = await clock.run(docs.nameVersion('Note', 'n1', { name: 'empty' }));
  await typeAs(booted, ann, 'draft');
  const { value: second } = await ask(booted, ann, { t: 'name', name: 'draft' });
  expect((await ask(booted, ann, { t: 'name', name: 'draft' })).value.code).toBe('conflict');
  expect((await ask(booted, ann, { t: 'name', name: 'third' })).value.code).toBe('overloaded');
  expect((await ask(booted, ann, { t: 'name', name: ' ' })).value.code).toBe('invalid');
  const names = await clock.run(docs.names('Note', 'n1'));
  expect(names.map(({ name, version, author }) => [name, version, author])).toEqual([
    ['draft', second, 'ann'],
    ['empty', first, 'ann'],
  ]);
  expect((await ask(booted, ann, { t: 'names' })).value).toEqual(names);
  expect((await ask(booted, ann, { t: 'view', version: first })).value).toEqual({ body: '' });
  expect((await ask(booted, ann, { t: 'unname', name: 'empty' })).ok).toBe(true);
  expect((await ask(booted, ann, { t: 'unname', name: 'empty' })).value.code).toBe('not_found');
  expect((await ask(booted, ann, { t: 'name', name: 'empty', version: first })).value).toBe(first);
  await clock.run(booted.store.write(({ tx }) => tx.delete('Note', 'n1')));
  await clock.advance(1000);
  expect(await booted.rows('SELECT * FROM _doc_names')).toEqual([]);
  expect(await booted.rows('SELECT * FROM _doc_history')).toEqual([]);
});

test('[D5] who may read may look; naming and restoring take the right to write', async () => {
  const booted = await boot();
  await booted.update('n1', { editor: 'ann' });
  const [ann, bob] = [await join(booted, 'n1'), await join(booted, 'n1', 'bob')];
  await typeAs(booted, ann, 'hers');
  const { value } = await ask(booted, bob, { t: 'list' });
  const { version } = value.changes[0];
  expect((await ask(booted, bob, { t: 'view', version })).value).toEqual({ body: 'hers' });
  for (const question of [
    { t: 'restore', version },
    { t: 'name', name: 'x' },
    { t: 'unname', name: 'x' },
  ])
    expect((await ask(booted, bob, question)).value.code).toBe('forbidden');
});

test('[D3] what is no question, and versions that are not there, are refused with a code', async () => {
  const booted = await boot();
  const ann = await join(booted, 'n1');
  await typeAs(booted, ann, 'text');
  const codes: unknown[] = [];
  for (const question of [
    { t: 'dance' },
    { t: 'view' },
    { t: 'view', version: '1@2@3' },
    { t: 'view', version: `1@${2n ** 64n}` },
    { t: 'view', version: '99999999999@1' },
    { t: 'view', version: '5@77' },
    { t: 'restore', version: `4@${ann.doc.peerIdStr}` },
    { t: 'name', name: 'x', version: '0@1' },
  ])
    codes.push((await ask(booted, ann, question)).value.code);
  expect(codes).toEqual([...Array(5).fill('invalid'), ...Array(3).fill('not_found')]);
  const docs = docsOf(booted);
  expect(await booted.clock.run(codeOf(docs.view('Note', 'n1', '5@77')))).toBe('not_found');
  expect(await booted.clock.run(codeOf(docs.restore('Note', 'n1', '?')))).toBe('invalid');
  ann.up({ kind: 'ask', id: 7777, json: '{' });
  await booted.clock.advance(10);
  expect(ann.all('told').find(({ id }) => id === 7777)?.ok).toBe(false);
  expect(ann.fault).toBeUndefined();
});

test('[N3] a reader has MAX_ASKS questions at once, and large answers come in pieces', async () => {
  const booted = await boot();
  const { clock } = booted;
  const ann = await join(booted, 'n1');
  await typeAs(booted, ann, 'x'.repeat(200_000));
  const { version } = (await ask(booted, ann, { t: 'list' })).value.changes[0];
  ann.room = 1;
  const view = JSON.stringify({ t: 'view', version });
  for (let id = 1; id <= MAX_ASKS + 1; id++) ann.up({ kind: 'ask', id: id + 1000, json: view });
  await clock.advance(100);
  ann.up({ kind: 'ask', id: 3000, json: view });
  ann.room = Number.POSITIVE_INFINITY;
  ann.handler.drained?.();
  await clock.advance(100);
  const told = ann.all('told').filter(({ id }) => id > 1000);
  expect(told.filter(({ ok }) => ok).length).toBe(MAX_ASKS);
  expect(told.filter(({ ok }) => !ok).map(({ json }) => JSON.parse(json).code)).toEqual([
    'overloaded',
    'overloaded',
  ]);
  expect(JSON.parse(told.find(({ ok }) => ok)!.json).body.length).toBe(200_000);
  expect(ann.largest).toBeLessThan(70_000);
});

test('the text of a version says what it was made of, and nothing else passes for one', () => {
  const front = fc.array(
    fc.record({ counter: fc.nat(2 ** 31 - 1), peer: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(front, (ids) => {
      const ops = ids.map(({ counter, peer }) => ({ counter, peer: `${peer}` as PeerID }));
      const text = formatVersion(ops);
      expect(new Set(parseVersion(text).map((op) => JSON.stringify(op)))).toEqual(
        new Set(ops.map((op) => JSON.stringify(op))),
      );
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        expect(formatVersion(parseVersion(text)).length).toBe(text.length);
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid' });
      }
    }),
  );
});
