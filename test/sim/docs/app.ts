/** The app of the document simulations: documents of every container, guarded by their row or by membership. */
import { defineSchema, entity, field, policy, v } from 'ternion';
import { createApi } from 'ternion/client';
import { type DocsOptions, docs } from 'ternion/crdt/server';
import { defineApp, functions } from 'ternion/server';
import { watched } from './watch.ts';

const containers = {
  body: field.richtext(),
  plain: field.text(),
  facts: field.map(),
  items: field.list(),
  cards: field.movableList(),
  outline: field.tree(),
  votes: field.counter(),
  title: field.string().default('untitled').crdt('lww'),
};
/** Guarded by its own row: who may read and who may edit, '*' for everybody. */
export const Board = entity('Board', {
  reader: field.string().default('*'),
  editor: field.string().default('*'),
  ...containers,
});
/** Guarded by the rows of another entity: members read, those of level 2 edit. */
export const Page = entity('Page', { roomId: field.string(), ...containers });
export const Member = entity(
  'Member',
  { roomId: field.string(), userId: field.string(), level: field.int() },
  { indexes: [{ name: 'by_room', fields: ['roomId', 'userId'] }] },
);

/** One for each edit that a mutation made. */
const Stamp = entity('Stamp', { docId: field.string(), token: field.string() });

const schema = defineSchema({
  entities: [Board, Page, Member, Stamp],
  policies: [
    policy({
      entity: 'Board',
      allowRead: "data.reader == '*' || data.reader == auth.userId",
      allowUpdate: "existing.editor == '*' || existing.editor == auth.userId",
    }),
    policy({
      entity: 'Page',
      allowRead: 'exists(Member where row.roomId == data.roomId && row.userId == auth.userId)',
      allowUpdate:
        'exists(Member where row.roomId == existing.roomId && row.userId == auth.userId && row.level >= 2)',
    }),
    policy({ entity: 'Member', allowRead: 'true' }),
    policy({ entity: 'Stamp', allowRead: 'true' }),
  ],
});

const { mutation } = functions(schema);
const stamps = {
  /** A key and a vote in the document, and a row; then perhaps a failure, of which nothing is left. [D8] */
  put: mutation({
    args: { entity: v.oneOf('Board', 'Page'), id: v.string(), token: v.string(), fails: v.bool() },
    async handler(ctx, { entity, id, token, fails }) {
      await ctx.docs.edit(entity, id, (doc) => {
        doc.getMap('facts').set(token, true);
        doc.getCounter('votes').increment(1);
      });
      await ctx.db.elevated('made with the edit').insert('Stamp', { docId: id, token });
      if (fails) throw new Error('changed its mind');
    },
  }),
};

/** Small, so that a short run sees compaction, snapshots, unloading, parts, documents in a worker, and silence. */
const small: Partial<DocsOptions> = {
  materialiser: 'inline',
  lingerMs: 200,
  projectMs: 50,
  compactUpdates: 8,
  snapshotOps: 60,
  partBytes: 1000,
  maxImportBytes: 400,
  maxLoadBytes: 2000,
  awarenessMs: 20,
  awarenessTimeoutMs: 2000,
  retry: { baseMs: 20, capMs: 200 },
};
const appWith = (options: Partial<DocsOptions>) =>
  defineApp({
    schema,
    functions: { stamps },
    plugins: [watched(docs({ ...small, ...options }))],
  });
export const docsApp = () => appWith({});
/** Documents lose their history soon, and devices are waited for a moment only. [D6] */
export const trimmingApp = () =>
  appWith({ lingerMs: 20, historyMs: 50, trimHistoryMs: 200, deviceMs: 500, maxDevices: 2 });
export type DocsApp = ReturnType<typeof docsApp>;
export const api = createApi<DocsApp>();

export const ROOMS = ['r1', 'r2'];
export const DOCS = [
  { entity: 'Board', id: 'b1' },
  { entity: 'Board', id: 'b2' },
  { entity: 'Page', id: 'p1' },
] as const;
export type DocName = (typeof DOCS)[number];

type Row = Record<string, unknown>;

/** What policies say, in plain code. `rows` are those of one moment. */
export function rightOf(
  user: string | null,
  { entity, id }: { entity: string; id: string },
  rows: ReadonlyMap<string, ReadonlyMap<string, Row>>,
): 'none' | 'read' | 'write' {
  const row = rows.get(entity)?.get(id);
  if (!row) return 'none';
  const allows = (who: unknown) => who === '*' || who === user;
  if (entity === 'Board') return allows(row.reader) ? (allows(row.editor) ? 'write' : 'read') : 'none';
  const mine = [...(rows.get('Member')?.values() ?? [])].filter(
    (member) => member.roomId === row.roomId && member.userId === user,
  );
  if (mine.length === 0) return 'none';
  return mine.some(({ level }) => Number(level) >= 2) ? 'write' : 'read';
}
