/** Both hosts of the materialiser give the same answers. What only the worker can do is in worker-host.test.ts. */
import { LoroDoc } from 'loro-crdt';
import { afterEach, describe, expect, test } from 'vitest';
import {
  counterOf,
  listOf,
  mapOf,
  movableListOf,
  registerOf,
  textOf,
  treeOf,
} from '../../crdt/core/containers.ts';
import { NO_VERSIONS } from '../../crdt/core/versions.ts';
import { InlineHost } from '../../crdt/server/inline-host.ts';
import { type Food, type JobHost, Materialiser } from '../../crdt/server/materialiser.ts';
import { DEFAULT_DOCS, type DocsOptions } from '../../crdt/server/options.ts';
import { WorkerHost } from '../../crdt/server/worker-host.ts';
import type { Fault } from '../../src/base/fault.ts';
import { entity } from '../../src/schema/entity.ts';
import { field } from '../../src/schema/field.ts';
import { nodeEnv } from '../../src/server/node-env.ts';

const Card = entity('Card', {
  title: field.string(10).default('untitled').crdt('lww'),
  due: field.datetime().optional().crdt('lww'),
  notes: field.richtext(),
  labels: field.map<Record<string, boolean>>(),
  steps: field.list<string>(),
  order: field.movableList<number>(),
  outline: field.tree(),
  votes: field.counter(),
});
const DEFAULTS = {
  title: 'untitled',
  due: null,
  notes: '',
  labels: {},
  steps: [],
  order: [],
  outline: [],
  votes: 0,
};

const HOSTS: Record<string, (options: DocsOptions) => JobHost> = {
  inline: () => new InlineHost(),
  worker: (options) => new WorkerHost(nodeEnv('silent'), options),
};

const opened: Materialiser[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

const codeOf = (task: Promise<unknown>) =>
  task.then(
    () => 'none',
    (error: Fault) => error.code,
  );

/** A document that is fed to a shadow piece by piece. */
class Author {
  readonly doc = new LoroDoc();

  edit(change: (doc: LoroDoc) => void): this {
    change(this.doc);
    this.doc.commit();
    return this;
  }

  /** What lies beyond `from`. */
  food(from = NO_VERSIONS): Food {
    const spans = [...this.doc.oplogVersion().toJSON()].map(([peer, end]) => {
      const start = from.get(peer) ?? 0;
      return { id: { peer, counter: start }, len: end - start };
    });
    const updates =
      spans.length === 0
        ? []
        : [this.doc.export({ mode: 'updates-in-range', spans: spans.filter((s) => s.len > 0) })];
    return { updates, versions: this.doc.oplogVersion().toJSON() };
  }
}

describe.each(Object.entries(HOSTS))('%s', (_name, host) => {
  const begin = (given: Partial<DocsOptions> = {}) => {
    const options = { ...DEFAULT_DOCS, maxColumnChars: 64 << 20, ...given };
    const materialiser = new Materialiser(host(options), options);
    opened.push(materialiser);
    return materialiser;
  };

  test('[D1] columns of every kind of field, by their defaults and by what is in the document', async () => {
    const shadow = begin().open(Card);
    const author = new Author();
    expect(await shadow.read(author.food())).toEqual(DEFAULTS);
    author.edit((doc) => {
      registerOf(doc, 'title').set('Buy milk');
      registerOf(doc, 'due').set(17);
      doc.configTextStyle({ bold: { expand: 'after' } });
      textOf(doc, 'notes').insert(0, 'Two bottles 🥛');
      textOf(doc, 'notes').mark({ start: 0, end: 3 }, 'bold', true);
      mapOf(doc, 'labels').set('red', true);
      listOf(doc, 'steps').push('go');
      for (const item of [1, 2, 3]) movableListOf(doc, 'order').push(item);
      movableListOf(doc, 'order').move(0, 2);
      counterOf(doc, 'votes').increment(3);
      treeOf(doc, 'outline').createNode();
    });
    const outline = [{ id: `0@${author.doc.peerIdStr}`, meta: {}, children: [] }];
    const [{ id }] = author.doc.getTree('outline').toJSON();
    outline[0]!.id = id;
    expect(await shadow.read(author.food())).toEqual({
      title: 'Buy milk',
      due: 17,
      notes: 'Two bottles 🥛',
      labels: { red: true },
      steps: ['go'],
      order: [2, 3, 1],
      outline,
      votes: 3,
    });
  });

  test('[N1] a value that does not fit its field shows as the default, and does no harm to the others', async () => {
    const author = new Author().edit((doc) => {
      registerOf(doc, 'title').set('much too long a title');
      registerOf(doc, 'due').set('tomorrow');
      counterOf(doc, 'votes').increment(2);
      doc.getMap('unknown').set('x', 1);
    });
    expect(await begin().open(Card).read(author.food())).toEqual({ ...DEFAULTS, votes: 2 });
  });

  test('shadows are fed what they lack, each its own', async () => {
    const materialiser = begin();
    const pairs = ['a', 'b', 'c'].map((letter) => ({
      letter,
      author: new Author(),
      shadow: materialiser.open(Card),
    }));
    for (let round = 1; round <= 3; round++) {
      for (const { letter, author } of pairs) author.edit((doc) => textOf(doc, 'notes').insert(0, letter));
      const rows = pairs.map(({ author, shadow }) => shadow.read(author.food(shadow.versions)));
      const notes = (await Promise.all(rows)).map((row) => row.notes);
      expect(notes).toEqual(['a', 'b', 'c'].map((letter) => letter.repeat(round)));
    }
  });

  test('[D1] a snapshot of over a megabyte is a shadow like any other: read, fed on, folded', async () => {
    const random = (n: number) => Math.imul(n + 1, 2_654_435_761) >>> 0;
    const text = Array.from({ length: 100_000 }, (_, n) => random(n).toString(36)).join('');
    const author = new Author().edit((doc) => textOf(doc, 'notes').insert(0, text));
    const whole = author.doc.export({ mode: 'snapshot' });
    expect(whole.length).toBeGreaterThan(1 << 20);
    const shadow = begin().open(Card);
    const food = { updates: [whole], versions: author.food().versions };
    expect((await shadow.read(food)).notes === text).toBe(true);
    author.edit((doc) => textOf(doc, 'notes').insert(0, 'more: '));
    expect((await shadow.read(author.food(shadow.versions))).notes === `more: ${text}`).toBe(true);
    const folded = new LoroDoc();
    const { bytes } = await shadow.run('snapshot', {}, author.food(shadow.versions));
    folded.import(bytes[0]!);
    expect(folded.opCount()).toBe(author.doc.opCount());
    expect(folded.getText('notes').toString() === `more: ${text}`).toBe(true);
  });

  test('a snapshot holds the whole history, a shallow one only what is', async () => {
    const author = new Author();
    for (let i = 0; i < 50; i++) author.edit((doc) => textOf(doc, 'notes').insert(0, `${i} `.repeat(100)));
    author.edit((doc) => textOf(doc, 'notes').delete(0, 10_000));
    const shadow = begin().open(Card);
    const full = (await shadow.run('snapshot', {}, author.food())).bytes[0]!;
    const { bytes } = await shadow.run('shallow', {}, author.food(shadow.versions));
    const [whole, thin] = [full, bytes[0]!].map((snapshot) => {
      const doc = new LoroDoc();
      doc.import(snapshot);
      expect(doc.getText('notes').toString()).toBe(author.doc.getText('notes').toString());
      return doc;
    });
    expect(whole!.isShallow()).toBe(false);
    expect(thin!.isShallow()).toBe(true);
    expect(whole!.opCount()).toBe(author.doc.opCount());
  });

  test('[D6] history goes up to where all have it, and no further', async () => {
    const author = new Author();
    const versions: string[] = [];
    for (let i = 0; i < 10; i++) {
      author.edit((doc) => textOf(doc, 'notes').insert(0, `${i}`));
      versions.push(
        author.doc
          .oplogFrontiers()
          .map(({ counter, peer }) => `${counter}@${peer}`)
          .join('.'),
      );
    }
    const peer = author.doc.peerIdStr;
    const materialiser = begin();
    const first = async (
      input: { upTo?: string; names?: string[]; held?: number },
      bytes = author.food().updates,
    ) => {
      const { upTo = null, names = [], held } = input;
      const given = { upTo, names, held: held === undefined ? null : ([[peer, held]] as const) };
      const [trimmed] = (await materialiser.run('trim', given, bytes)).bytes;
      if (!trimmed) return null;
      const doc = new LoroDoc();
      doc.import(trimmed);
      expect(doc.getText('notes').toString()).toBe('9876543210');
      return doc.shallowSinceFrontiers()[0]!.counter;
    };
    expect(await first({})).toBe(9);
    expect(await first({ upTo: versions[7]! })).toBe(7);
    expect(await first({ upTo: versions[7]!, held: 4 })).toBe(3);
    expect(await first({ upTo: versions[7]!, held: 4, names: [versions[5]!, versions[2]!] })).toBe(2);
    expect(await first({ upTo: versions[7]!, held: 0 })).toBe(null);
    expect(await first({ upTo: `99@${peer}` })).toBe(null);
    expect(await first({ names: [`2147483647@${peer}`, '3@7'] })).toBe(9);
    const { bytes } = await materialiser.run(
      'trim',
      { upTo: versions[5]!, names: [], held: null },
      author.food().updates,
    );
    expect(await first({ upTo: versions[8]! }, bytes)).toBe(8);
    expect(await first({ upTo: versions[3]! }, bytes)).toBe(null);
    expect(await first({ names: [versions[3]!] }, bytes)).toBe(9);
  });

  test('bytes of any size travel both ways as they are', async () => {
    const materialiser = begin();
    for (const length of [10, 64 * 1024 - 300, 64 * 1024 + 300, 3 << 20]) {
      const text = Array.from({ length: length / 8 }, (_, i) => String(i).padStart(8, '.')).join('');
      const author = new Author().edit((doc) => textOf(doc, 'notes').insert(0, text));
      const shadow = materialiser.open(Card);
      expect((await shadow.read(author.food())).notes).toBe(text);
      const copy = new LoroDoc();
      copy.import((await shadow.run('snapshot', {}, author.food(shadow.versions))).bytes[0]!);
      expect(copy.getText('notes').toString()).toBe(text);
      shadow.close();
    }
  });

  test('[D3] bytes that Loro refuses fail alone; their shadow begins anew, the others go on', async () => {
    const materialiser = begin();
    const [good, bad] = [materialiser.open(Card), materialiser.open(Card)];
    const author = new Author().edit((doc) => textOf(doc, 'notes').insert(0, 'fine'));
    await good.read(author.food());
    await bad.read(author.food());
    const versions = author.doc.oplogVersion().toJSON();
    expect(await codeOf(bad.read({ updates: [new Uint8Array(50)], versions }))).toBe('invalid');
    expect(bad.versions).toBe(NO_VERSIONS);
    expect((await bad.read(author.food(bad.versions))).notes).toBe('fine');
    author.edit((doc) => textOf(doc, 'notes').insert(0, 'still '));
    expect((await good.read(author.food(good.versions))).notes).toBe('still fine');
  });

  test('an update that builds on what the shadow lacks is an error, not a wrong answer', async () => {
    const shadow = begin().open(Card);
    const author = new Author().edit((doc) => textOf(doc, 'notes').insert(0, 'a'));
    const before = author.doc.oplogVersion().toJSON();
    author.edit((doc) => textOf(doc, 'notes').insert(0, 'b'));
    expect(await codeOf(shadow.read(author.food(before)))).toBe('unavailable');
    expect((await shadow.read(author.food(shadow.versions))).notes).toBe('ba');
  });

  test('no more than maxShadows are held; one that was let go is fed anew', async () => {
    const materialiser = begin({ maxShadows: 2 });
    const author = new Author().edit((doc) => textOf(doc, 'notes').insert(0, 'x'));
    const shadows = [1, 2, 3].map(() => materialiser.open(Card));
    for (const shadow of shadows) await shadow.read(author.food(shadow.versions));
    expect(materialiser.shadows).toBe(2);
    expect(shadows.map(({ versions }) => versions.size)).toEqual([0, 1, 1]);
    expect((await shadows[0]!.read(author.food(shadows[0]!.versions))).notes).toBe('x');
    expect(shadows.map(({ versions }) => versions.size)).toEqual([1, 0, 1]);
    for (const shadow of shadows) shadow.close();
    expect(materialiser.shadows).toBe(0);
    expect(await codeOf(shadows[0]!.read(author.food()))).toBe('unavailable');
  });
});
