/** The server's half of documents, with hand-made clients on channels that can be full. */
import { LoroDoc, type PeerID } from 'loro-crdt';
import { afterEach, expect, test, vi } from 'vitest';
import type { Cancel } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import type { Channel, ChannelHandler } from '../../src/plugin/channel.ts';
import { Access } from '../../src/policy/access.ts';
import type { Viewer } from '../../src/policy/viewer.ts';
import { defineSchema } from '../../src/schema/define-schema.ts';
import { entity } from '../../src/schema/entity.ts';
import { field } from '../../src/schema/field.ts';
import { policy } from '../../src/schema/policy-spec.ts';
import type { SqlDriver } from '../../src/store/sql-driver.ts';
import { Store } from '../../src/store/store.ts';
import { simEnv } from '../../src/testing/sim-env.ts';
import { TempDatabase } from '../../src/testing/temp-database.ts';
import { type DocDown, decodeDown } from '../core/down-frame.ts';
import { Assembler } from '../core/fragments.ts';
import { type DocUp, encodeUp } from '../core/up-frame.ts';
import type { DocsOptions } from './options.ts';
import { docs } from './plugin.ts';

const Note = entity('Note', { editor: field.string(), reader: field.string(), body: field.richtext() });
const Plain = entity('Plain', { title: field.string() });
const schema = defineSchema({
  entities: [Note, Plain],
  policies: [
    policy({
      entity: 'Note',
      allowRead: "data.reader == '*' || data.reader == auth.userId",
      allowUpdate: "existing.editor == '*' || existing.editor == auth.userId",
    }),
  ],
});

const database = { files: new TempDatabase() };
afterEach(() => {
  database.files.remove();
  database.files = new TempDatabase();
  vi.restoreAllMocks();
});

/** SQL that fails, by a piece of its text; and how often each statement ran. */
class Trouble {
  broken = '';
  readonly seen: string[] = [];

  driver(inner: SqlDriver): SqlDriver {
    const watch = <T>(sql: string, run: () => Promise<T>): Promise<T> => {
      this.seen.push(sql);
      if (this.broken !== '' && sql.includes(this.broken))
        return Promise.reject(new Fault('storage', 'disk full'));
      return run();
    };
    return {
      all: (sql, params) => watch(sql, () => inner.all(sql, params)),
      run: (sql, params) => watch(sql, () => inner.run(sql, params)),
      close: () => inner.close(),
    };
  }

  count(part: string): number {
    return this.seen.filter((sql) => sql.includes(part)).length;
  }
}

async function boot(options: Partial<DocsOptions> = {}) {
  const env = simEnv();
  const { clock } = env;
  const trouble = new Trouble();
  const { writer, reader } = database.files.open();
  const drivers = { writer: trouble.driver(writer), reader: trouble.driver(reader) };
  const store = new Store(env, { schema, drivers });
  const access = new Access(schema, () => clock.now());
  const instance = docs(options).create({ env, schema, store, access });
  await store.open(instance.tables);
  await instance.start();
  const insert = (id: string, { editor = '*', reader: who = '*' } = {}) =>
    clock.run(store.write(({ tx }) => tx.insert('Note', Note.parseInsert(id, { editor, reader: who }))));
  const update = (id: string, patch: { editor?: string; reader?: string }) =>
    clock.run(store.write(({ tx }) => tx.update('Note', id, patch)));
  const rows = (sql: string) => clock.run(store.read((snapshot) => snapshot.all(sql)));
  const body = async (id: string) => (await rows(`SELECT body FROM Note WHERE id = '${id}'`))[0]?.body;
  const stop = () => clock.run(instance.close().then(() => store.close()));
  return { env, clock, store, instance, hub: instance.hub, trouble, insert, update, rows, body, stop };
}
type Booted = Awaited<ReturnType<typeof boot>>;

/** A client that speaks the wire by hand. */
class Hand implements Channel {
  readonly doc = new LoroDoc();
  readonly frames: DocDown[] = [];
  readonly latest = { put: () => {}, sentTag: -1 };
  readonly #assembler = new Assembler({ maxBytes: 64 << 20, maxStreams: 4 });
  readonly #listeners = new Set<() => void>();
  viewer: Viewer;
  /** Payloads that the lane still takes. */
  room = Number.POSITIVE_INFINITY;
  largest = 0;
  fault: Fault | undefined;
  handler!: ChannelHandler;
  n = 0;

  constructor(user: string | null) {
    const kind = user === null ? 'anonymous' : 'user';
    this.viewer = { userId: user, kind, roles: [], name: user };
  }

  get session(): Channel['session'] {
    const hand = this;
    return {
      id: 's',
      clientId: 'c',
      get viewer() {
        return hand.viewer;
      },
      onViewer: (listener: () => void): Cancel => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
  }

  become(user: string): void {
    this.viewer = { userId: user, kind: 'user', roles: [], name: user };
    for (const listener of this.#listeners) listener();
  }

  send(payload: Uint8Array): boolean {
    if (this.room <= 0) return false;
    this.room--;
    this.largest = Math.max(this.largest, payload.length);
    let frame = decodeDown(payload);
    if (frame.kind === 'fragment') {
      const whole = this.#assembler.add(frame);
      if (!whole) return true;
      frame = decodeDown(whole);
    }
    this.frames.push(frame);
    if (frame.kind === 'joined' || frame.kind === 'update') {
      if (frame.bytes.length > 0) this.doc.import(frame.bytes);
      if (frame.kind === 'joined' && frame.tail.length > 0) this.doc.import(frame.tail);
    }
    return true;
  }

  close(fault: Fault): void {
    this.fault ??= fault;
    this.handler?.closed();
  }

  up(frame: DocUp): void {
    try {
      this.handler.frame(encodeUp(frame));
    } catch (error) {
      this.close(error as Fault); // as the mux does
    }
  }

  join(epoch = '', lease = 0n): void {
    const vv = this.doc.oplogVersion();
    this.up({ kind: 'join', lease, epoch, vv: vv.encode() });
  }

  push(bytes: Uint8Array): void {
    this.up({ kind: 'push', n: ++this.n, bytes });
  }

  resync(): void {
    this.up({ kind: 'resync', vv: this.doc.oplogVersion().encode() });
  }

  /** Types and returns the update, unsent. */
  edit(text: string, at = 0): Uint8Array {
    const from = this.doc.oplogVersion();
    this.doc.getText('body').insert(at, text);
    this.doc.commit();
    return this.doc.export({ mode: 'update', from });
  }

  get text(): string {
    return this.doc.getText('body').toString();
  }

  last<K extends DocDown['kind']>(kind: K): Extract<DocDown, { kind: K }> {
    return this.all(kind).at(-1)!;
  }

  all<K extends DocDown['kind']>(kind: K): Extract<DocDown, { kind: K }>[] {
    return this.frames.filter((frame): frame is Extract<DocDown, { kind: K }> => frame.kind === kind);
  }
}

async function open({ instance, clock }: Booted, id: string, user: string | null = 'ann'): Promise<Hand> {
  const hand = new Hand(user);
  hand.handler = await clock.run(instance.channels.doc(hand, { entity: 'Note', id }));
  return hand;
}

async function join(booted: Booted, id: string, user: string | null = 'ann'): Promise<Hand> {
  const hand = await open(booted, id, user);
  hand.join();
  await booted.clock.until(() => hand.all('joined').length > 0 || hand.fault !== undefined);
  const { peer } = hand.last('joined');
  if (peer !== 0n) hand.doc.setPeerId(peer);
  return hand;
}

const codeOf = (task: Promise<unknown>) =>
  task.then(
    () => 'none',
    (error: Fault) => error.code,
  );

test('[D2] durable comes after the commit, and readers see nothing before it', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const [a, b] = [await join(booted, 'n1'), await join(booted, 'n1', 'bob')];
  booted.trouble.broken = 'INTO _doc_updates';
  a.push(a.edit('hi'));
  await booted.clock.advance(1000);
  expect(a.all('ack').map(({ level }) => level)).toEqual(['received']);
  expect(b.all('update')).toEqual([]);
  booted.trouble.broken = '';
  await booted.clock.until(() => b.all('update').length > 0);
  expect(a.last('ack')).toEqual({ kind: 'ack', n: 1, level: 'durable' });
  expect(b.text).toBe('hi');
});

test('what came in one turn is one update, and an author is spared its own', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const [a, b] = [await join(booted, 'n1'), await join(booted, 'n1', 'bob')];
  for (const letter of 'abc') a.push(a.edit(letter));
  await booted.clock.advance(100);
  expect(b.all('update').length).toBe(1);
  expect(b.text).toBe('cba');
  expect(a.last('update')).toEqual({ kind: 'update', rev: 1, bytes: new Uint8Array(0) });
  a.push(a.edit('1'));
  b.push(b.edit('2'));
  await booted.clock.advance(100);
  expect(a.last('update').bytes).toEqual(b.last('update').bytes);
  expect(a.text).toBe(b.text);
});

test('[D3] random, truncated and bit-flipped updates are refused with a code; all goes on', async () => {
  const booted = await boot({ maxRefusals: 10_000 });
  await booted.insert('n1');
  await booted.insert('n2');
  const [a, other] = [await join(booted, 'n1'), await join(booted, 'n2')];
  const good = a.edit('good text');
  const { random } = booted.env;
  let refused = 0;
  for (let i = 0; i < 300; i++) {
    let bytes = new Uint8Array(good);
    if (i % 3 === 0) bytes = new Uint8Array(random.fill(new Uint8Array(1 + random.int(120))));
    else if (i % 3 === 1) bytes = bytes.slice(0, 1 + random.int(bytes.length - 1));
    else bytes[random.int(bytes.length)]! ^= 1 << random.int(8);
    a.push(bytes);
    const refusal = a.last('refuse');
    if (refusal?.n !== a.n) continue; // a bit that Loro does not look at: the text is the good one
    expect(refusal).toEqual({ kind: 'refuse', n: a.n, code: 'invalid', retry: 'never' });
    refused++;
    a.resync();
  }
  expect(refused).toBeGreaterThan(270);
  a.push(good);
  other.push(other.edit('other'));
  await booted.clock.advance(1000);
  expect(await booted.body('n1')).toBe('good text');
  expect(await booted.body('n2')).toBe('other');
  expect(a.fault).toBeUndefined();
});

test('[D3] a broken frame ends its channel alone; so do too many refused updates', async () => {
  const booted = await boot({ maxRefusals: 3 });
  await booted.insert('n1');
  const [a, b, c] = [await join(booted, 'n1'), await join(booted, 'n1'), await join(booted, 'n1')];
  expect(() => a.handler.frame(new Uint8Array([99]))).toThrow(Fault);
  for (let i = 0; i < 3; i++) {
    b.push(new Uint8Array([1, 2, 3]));
    b.resync();
  }
  expect(b.fault).toBeUndefined();
  b.push(new Uint8Array([1, 2, 3]));
  expect(b.fault?.code).toBe('bad_message');
  c.push(c.edit('fine'));
  await booted.clock.advance(1000);
  expect(await booted.body('n1')).toBe('fine');
});

test('[D4] one load for many at once; unloaded and freed after the last release plus linger', async () => {
  const booted = await boot({ lingerMs: 1000 });
  await booted.insert('n1');
  const first = await join(booted, 'n1');
  first.push(first.edit('kept'));
  await booted.clock.advance(500);
  first.handler.closed();
  await booted.clock.advance(900);
  expect(booted.hub.size).toBe(1);
  const free = vi.spyOn(LoroDoc.prototype, 'free');
  await booted.clock.advance(200);
  expect(booted.hub.size).toBe(0);
  expect(free.mock.calls.length).toBeGreaterThanOrEqual(2); // the replica and the shadow
  const before = booted.trouble.count('FROM _doc_meta WHERE entity');
  const hands = Array.from({ length: 8 }, () => new Hand('ann'));
  const opening = hands.map((hand) => booted.instance.channels.doc(hand, { entity: 'Note', id: 'n1' }));
  const handlers = await booted.clock.run(Promise.all(opening));
  for (const [i, hand] of hands.entries()) {
    hand.handler = handlers[i]!;
    hand.join();
  }
  await booted.clock.advance(100);
  expect(booted.trouble.count('FROM _doc_meta WHERE entity') - before).toBe(1);
  expect(new Set(hands.map((hand) => hand.text))).toEqual(new Set(['kept']));
  hands[0]!.handler.closed();
  hands[0]!.handler.closed();
  expect(booted.hub.entries[0]!.followers).toBe(7);
});

test('[D4] coming back within the linger, or while it flushes, keeps the document', async () => {
  const booted = await boot({ lingerMs: 1000 });
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  booted.trouble.broken = 'INTO _doc_updates';
  a.push(a.edit('x'));
  a.handler.closed();
  await booted.clock.advance(5000);
  expect(booted.hub.entries[0]!.state).toBe('flushing'); // [D10] kept until it is stored
  const b = await join(booted, 'n1', 'bob');
  booted.trouble.broken = '';
  await booted.clock.until(() => b.text === 'x');
  expect(booted.hub.entries[0]!.state).toBe('open');
});

test('[D5] who may not update cannot; who may not read learns nothing', async () => {
  const booted = await boot();
  await booted.insert('n1', { editor: 'ann', reader: '*' });
  await booted.insert('n2', { editor: '*', reader: 'ann' });
  const [ann, bob] = [await join(booted, 'n1'), await join(booted, 'n1', 'bob')];
  expect(bob.last('joined')).toMatchObject({ permission: 'read', peer: 0n });
  bob.push(bob.edit('vandal'));
  expect(bob.last('refuse')).toMatchObject({ code: 'forbidden', retry: 'never' });
  ann.push(ann.edit('mine'));
  ann.up({ kind: 'awareness', state: '1' });
  await booted.clock.advance(1000);
  expect(await booted.body('n1')).toBe('mine');
  expect(bob.all('update').length).toBe(1);
  expect(bob.all('awareness').length).toBe(1);
  expect(await codeOf(open(booted, 'n2', 'bob'))).toBe('not_found');
  expect(await codeOf(open(booted, 'n3', 'bob'))).toBe('not_found');
});

test('[D5] a right is asked again when the row or the identity changes', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const bob = await join(booted, 'n1', 'bob');
  await booted.update('n1', { editor: 'ann' });
  expect(bob.last('permission').permission).toBe('read');
  bob.push(bob.edit('late'));
  expect(bob.last('refuse').code).toBe('forbidden');
  await booted.update('n1', { editor: 'bob' });
  expect(bob.last('permission').permission).toBe('write');
  await booted.update('n1', { reader: 'ann' });
  expect(bob.fault?.code).toBe('forbidden');
  const carl = await open(booted, 'n1', 'ann');
  carl.become('carl');
  expect(carl.fault?.code).toBe('unauthorized');
});

test('[D5] a row that is deleted ends its document; one made anew under its id is another', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  a.push(a.edit('old'));
  await booted.clock.advance(1000);
  await booted.clock.run(booted.store.write(({ tx }) => tx.delete('Note', 'n1')));
  expect(a.fault?.code).toBe('not_found');
  await booted.insert('n1');
  await booted.clock.advance(100);
  for (const table of ['_doc_meta', '_doc_updates', '_doc_peers', '_doc_snapshots']) {
    expect(await booted.rows(`SELECT * FROM ${table}`)).toEqual([]);
  }
  const epoch = a.last('joined').epoch;
  const b = await open(booted, 'n1');
  b.doc.import(a.doc.export({ mode: 'update' }));
  b.join(epoch);
  await booted.clock.advance(100);
  expect(b.last('joined')).toMatchObject({ mode: 'reset', bytes: new Uint8Array(0) });
  expect(b.last('joined').epoch).not.toBe(epoch);
});

test('[D9] operations of foreign peers, gaps and snapshots are refused; a resend is harmless', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const [a, b] = [await join(booted, 'n1'), await join(booted, 'n1', 'bob')];
  const first = a.edit('one ');
  const forger = new Hand('bob');
  forger.doc.setPeerId(a.last('joined').peer);
  b.push(forger.edit('forged'));
  expect(b.last('refuse')).toMatchObject({ code: 'forbidden', retry: 'never' });
  const second = a.edit('two ');
  a.push(second);
  expect(a.last('refuse')).toMatchObject({ code: 'stale_cursor', retry: 'now' });
  a.push(first);
  await booted.clock.advance(10);
  expect(a.all('ack')).toEqual([]); // after a refusal nothing counts until the next resync
  a.resync();
  for (const bytes of [first, first, second, first]) a.push(bytes);
  await booted.clock.advance(100);
  expect(a.last('ack')).toEqual({ kind: 'ack', n: a.n, level: 'durable' });
  a.push(a.doc.export({ mode: 'snapshot' }));
  expect(a.last('refuse').code).toBe('invalid');
  await booted.clock.advance(1000);
  expect(await booted.body('n1')).toBe('two one ');
});

test('[D9] leases outlive the server; a page keeps its own, another identity gets a new one', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  const { epoch, peer } = a.last('joined');
  const unsent = a.edit('late');
  await booted.stop();
  const again = await boot();
  const b = await open(again, 'n1');
  b.join(epoch, peer);
  await again.clock.until(() => b.all('joined').length > 0);
  expect(b.last('joined').peer).toBe(peer);
  b.push(unsent);
  await again.clock.advance(100);
  expect(b.last('ack').level).toBe('durable');
  const bob = await open(again, 'n1', 'bob');
  bob.join(epoch, peer);
  await again.clock.until(() => bob.all('joined').length > 0);
  expect(bob.last('joined').peer).not.toBe(peer);
});

test('[D9] updates that build on what never came are refused, and forgotten past a bound', async () => {
  const booted = await boot({ maxPendingBytes: 300, maxRefusals: 1000 });
  await booted.insert('n1');
  const [a, ghost] = [await join(booted, 'n1'), new Hand('ghost')];
  ghost.doc.setPeerId('77');
  for (let i = 0; i < 10; i++) {
    a.resync();
    const start =
      a.doc
        .oplogVersion()
        .toJSON()
        .get(`${a.last('joined').peer}` as PeerID) ?? 0;
    a.edit(`own${i}`); // fine by itself
    a.doc.import(ghost.edit('?'));
    a.edit(`on ghost${i}`); // builds on an operation of nobody
    const end = a.doc
      .oplogVersion()
      .toJSON()
      .get(`${a.last('joined').peer}` as PeerID)!;
    const id = { peer: `${a.last('joined').peer}` as PeerID, counter: start };
    a.push(a.doc.export({ mode: 'updates-in-range', spans: [{ id, len: end - start }] }));
    expect(a.last('refuse').code).toBe('stale_cursor');
  }
  await booted.clock.advance(1000);
  const b = await join(booted, 'n1', 'bob');
  b.push(b.edit('goes on '));
  await booted.clock.advance(1000);
  expect(String(await booted.body('n1'))).toContain('goes on');
});

test('[D10] a load that fails leaves nothing and is tried again', async () => {
  const booted = await boot();
  await booted.insert('n1');
  booted.trouble.broken = 'FROM _doc_updates';
  expect(await codeOf(open(booted, 'n1'))).toBe('storage');
  expect(booted.hub.size).toBe(0);
  booted.trouble.broken = '';
  expect((await join(booted, 'n1')).last('joined').permission).toBe('write');
});

test('[D10] a failing store is reported, and retried until it works', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  booted.trouble.broken = 'INTO _doc_updates';
  for (let i = 0; i < 20; i++) {
    a.push(a.edit('x'));
    await booted.clock.advance(1000);
  }
  const failing = () => booted.instance.gauges.find(({ name }) => name === 'ternion_docs_failing')!.read();
  expect(failing()).toBe(1);
  booted.trouble.broken = '';
  await booted.clock.until(() => a.last('ack').level === 'durable');
  expect(failing()).toBe(0);
  await booted.clock.advance(1000);
  expect(await booted.body('n1')).toBe('x'.repeat(20));
});

test('[D10] a projection that fails is tried again', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  booted.trouble.broken = 'UPDATE "Note"';
  a.push(a.edit('text'));
  await booted.clock.advance(5000);
  expect(await booted.body('n1')).toBe('');
  booted.trouble.broken = '';
  await booted.clock.advance(20_000);
  expect(await booted.body('n1')).toBe('text');
});

test('[D1] typing projects a few times a second, as row changes; a crash before it is made good', async () => {
  const booted = await boot({ projectMs: 250 });
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  const { seq } = booted.store;
  for (let i = 0; i < 100; i++) {
    a.push(a.edit('x'));
    await booted.clock.advance(20);
  }
  await booted.clock.advance(500);
  const changes = booted.store.seq - seq;
  expect(changes).toBeGreaterThanOrEqual(8);
  expect(changes).toBeLessThanOrEqual(10);
  booted.trouble.broken = 'UPDATE "Note"';
  a.push(a.edit('!'));
  await booted.clock.advance(1000);
  await booted.stop();
  const again = await boot();
  await again.clock.advance(1000);
  expect(await again.body('n1')).toBe(`!${'x'.repeat(100)}`);
});

test('[D6] the log is folded into a snapshot that keeps everything', async () => {
  const booted = await boot({ compactUpdates: 5, snapshotOps: 10 });
  await booted.insert('n1');
  const [a, away] = [await join(booted, 'n1'), await join(booted, 'n1', 'bob')];
  const { epoch, peer } = away.last('joined');
  const offline = away.edit('offline ');
  away.handler.closed();
  for (let i = 0; i < 33; i++) {
    a.push(a.edit(`${i} `));
    await booted.clock.advance(20);
  }
  expect((await booted.rows('SELECT * FROM _doc_updates')).length).toBeLessThanOrEqual(5);
  expect((await booted.rows('SELECT * FROM _doc_snapshots')).length).toBe(1);
  await booted.stop();
  const again = await boot({ snapshotOps: 10 });
  const fresh = await join(again, 'n1');
  expect(fresh.last('joined').mode).toBe('snapshot');
  expect(fresh.text).toBe(a.text);
  const back = await open(again, 'n1', 'bob');
  back.doc.import(offline);
  back.join(epoch, peer);
  await again.clock.until(() => back.all('joined').length > 0);
  back.push(offline);
  await again.clock.advance(1000);
  expect(fresh.text).toBe(back.text);
  expect(await again.body('n1')).toBe(back.text);
  expect(back.text).toContain('offline');
});

test('a slow reader gets one delta, from where it stood; refusals and acks are not lost', async () => {
  const booted = await boot();
  await booted.insert('n1');
  const [a, slow] = [await join(booted, 'n1'), await join(booted, 'n1', 'bob')];
  const before = slow.frames.length;
  slow.room = 0;
  for (let i = 0; i < 10; i++) {
    a.push(a.edit('a'));
    await booted.clock.advance(20);
  }
  slow.push(new Uint8Array([1]));
  expect(slow.frames.length).toBe(before);
  slow.room = Number.POSITIVE_INFINITY;
  slow.handler.drained!();
  expect(slow.frames.slice(before).map(({ kind }) => kind)).toEqual(['refuse', 'lagging', 'update']);
  expect(slow.last('update').rev).toBe(10);
  expect(slow.text).toBe('a'.repeat(10));
  a.push(a.edit('b'));
  await booted.clock.advance(100);
  expect(slow.last('update').rev).toBe(11);
});

test('a large document travels in pieces, one by one to a slow reader, and what came meanwhile follows', async () => {
  const booted = await boot({ snapshotOps: 1000 });
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  const { random } = booted.env;
  let large = '';
  while (large.length < 300_000) large += random.next().toString(36);
  a.push(a.edit(large));
  await booted.clock.advance(100);
  const b = await open(booted, 'n1', 'bob');
  b.room = 1;
  b.join();
  await booted.clock.advance(100);
  expect(b.all('joined')).toEqual([]);
  a.push(a.edit('more '));
  await booted.clock.advance(100);
  while (b.all('update').length === 0) {
    b.room = 1;
    b.handler.drained!();
  }
  expect(b.frames.map(({ kind }) => kind)).toEqual(['joined', 'lagging', 'update']);
  expect(b.text).toBe(a.text);
  expect(b.largest).toBeLessThan(65 * 1024);
});

test('limits hold at their edges', async () => {
  const booted = await boot({ maxDocs: 2, maxReaders: 2, maxUpdateBytes: 500, maxUndurableBytes: 600 });
  for (const id of ['n1', 'n2', 'n3']) await booted.insert(id);
  const a = await join(booted, 'n1');
  await join(booted, 'n1');
  expect(await codeOf(open(booted, 'n1'))).toBe('overloaded');
  await join(booted, 'n2');
  expect(await codeOf(open(booted, 'n3'))).toBe('overloaded');
  a.push(new Uint8Array(500));
  expect(a.last('refuse').code).toBe('invalid'); // the size was fine
  a.resync();
  a.push(new Uint8Array(501));
  expect(a.last('refuse').code).toBe('too_large');
  a.resync();
  booted.trouble.broken = 'INTO _doc_updates';
  const [fits, over] = [a.edit('x'.repeat(300)), a.edit('y'.repeat(300))];
  a.push(fits);
  a.push(over);
  expect(a.last('refuse')).toMatchObject({ n: a.n, code: 'overloaded', retry: 'backoff' });
  booted.trouble.broken = '';
  await booted.clock.advance(5000);
  a.resync();
  a.push(over);
  await booted.clock.advance(5000);
  expect(a.last('ack')).toEqual({ kind: 'ack', n: a.n, level: 'durable' });
  expect(
    await codeOf(booted.clock.run(booted.instance.channels.doc(new Hand('x'), { entity: 'Plain', id: 'p' }))),
  ).toBe('not_found');
});

test('[D7] awareness is stamped by the server, never stored, and gone with its connection or in time', async () => {
  const booted = await boot({ awarenessMs: 50, awarenessTimeoutMs: 5000 });
  await booted.insert('n1');
  const [a, b] = [await join(booted, 'n1'), await join(booted, 'n1', 'bob')];
  a.up({ kind: 'awareness', state: '{"at":1}' });
  a.up({ kind: 'awareness', state: '{"at":2}' });
  await booted.clock.advance(100);
  expect(b.all('awareness').flatMap(({ states }) => states)).toEqual([
    { key: expect.any(Number), userId: 'ann', name: 'ann', state: '{"at":2}' },
  ]);
  expect(a.all('awareness')).toEqual([]);
  const late = await join(booted, 'n1', 'carl');
  expect(late.last('awareness').states.map(({ state }) => state)).toEqual(['{"at":2}']);
  await booted.clock.advance(4000);
  expect(b.last('awareness').states[0]!.state).toBe('{"at":2}');
  await booted.clock.advance(1000);
  expect(b.last('awareness').states[0]!.state).toBe('');
  a.up({ kind: 'awareness', state: '"back"' });
  await booted.clock.advance(100);
  a.handler.closed();
  await booted.clock.advance(100);
  expect(b.last('awareness').states[0]).toMatchObject({ userId: 'ann', state: '' });
  for (const table of ['_doc_meta', '_doc_updates', '_doc_snapshots', '_log', 'Note']) {
    expect(JSON.stringify(await booted.rows(`SELECT * FROM ${table}`))).not.toContain('back');
  }
});

test('drain makes everything durable and visible in the rows', async () => {
  const booted = await boot({ projectMs: 60_000 });
  await booted.insert('n1');
  const a = await join(booted, 'n1');
  a.push(a.edit('1'));
  await booted.clock.advance(100);
  a.push(a.edit('2'));
  await booted.clock.run(booted.instance.drain());
  expect(await booted.body('n1')).toBe('21');
  booted.trouble.broken = 'INTO _doc_updates';
  a.push(a.edit('3'));
  const start = booted.clock.monotonic();
  await booted.clock.run(booted.instance.drain());
  expect(booted.clock.monotonic() - start).toBe(10_000); // it does not wait for ever
  await booted.stop();
  expect(a.fault?.code).toBe('unavailable');
});
