/** A page that begins anew on the channel that it has, while something of it is not durable yet. Hand-made clients. */
import { LoroDoc } from 'loro-crdt';
import { afterEach, expect, test } from 'vitest';
import { TempDatabase } from '../../src/testing/temp-database.ts';
import type { DocsOptions } from './options.ts';
import { boot as bootOn, join } from './testing/booted.ts';

const database = { files: new TempDatabase() };
afterEach(() => {
  database.files.remove();
  database.files = new TempDatabase();
});

const boot = (options?: Partial<DocsOptions>) => bootOn(database.files, options);

test('[D1] [D9] after a refusal the answer to a join holds what was received before it', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const ann = await join(booted, 'n1');
  const { peer, epoch } = ann.last('joined');
  booted.trouble.broken = '_doc_updates';
  ann.push(ann.edit('early '));
  ann.push(new Uint8Array([1, 2, 3]));
  expect(ann.last('refuse')).toMatchObject({ retry: 'never' });
  // As a client does: it forgets its edits, keeps its peer id, and starts over.
  ann.doc = new LoroDoc();
  ann.join(epoch, peer);
  await booted.clock.advance(1000);
  expect(ann.all('joined')).toHaveLength(1); // what would it be told?
  booted.trouble.broken = '';
  await booted.clock.until(() => ann.all('joined').length === 2);
  expect(ann.last('joined').peer).toBe(peer);
  expect(ann.text).toBe('early ');
  ann.doc.setPeerId(peer);
  ann.push(ann.edit('late '));
  await booted.clock.advance(1000);
  expect(await booted.body('n1')).toBe(ann.text);
  expect(ann.text).toBe('late early ');
});

test('[D1] pushes that are tried still when a page joins anew are not taken behind its back', async () => {
  const booted = await boot({ tryFirst: ['Note'] });
  await booted.insert('n1');
  const ann = await join(booted, 'n1');
  const { peer, epoch } = ann.last('joined');
  ann.push(ann.edit('tried '));
  ann.doc = new LoroDoc();
  ann.join(epoch, peer);
  await booted.clock.advance(1000);
  expect(ann.all('joined')).toHaveLength(2);
  expect(await booted.body('n1')).toBe(ann.text);
});

test('a page that leaves while its join waits leaves nothing behind', async () => {
  const booted = await boot({ lingerMs: 100 });
  await booted.insert('n1');
  const ann = await join(booted, 'n1');
  booted.trouble.broken = '_doc_updates';
  ann.push(ann.edit('early '));
  ann.join(ann.last('joined').epoch, ann.last('joined').peer);
  await booted.clock.advance(1000);
  ann.handler.closed();
  booted.trouble.broken = '';
  await booted.clock.advance(20_000);
  expect(ann.all('joined')).toHaveLength(1);
  expect(booted.hub.size).toBe(0);
  expect(await booted.body('n1')).toBe('early ');
});
