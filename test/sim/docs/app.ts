/** The app of the document simulations: documents of every container, guarded by their row or by membership. */
import { defineSchema, entity, field, policy } from 'ternion';
import { docs } from 'ternion/crdt/server';
import { defineApp } from 'ternion/server';
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

const schema = defineSchema({
  entities: [Board, Page, Member],
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
  ],
});

/** Small, so that a short run sees compaction, snapshots, unloading and silence. */
const small = {
  lingerMs: 200,
  projectMs: 50,
  compactUpdates: 8,
  snapshotOps: 60,
  awarenessMs: 20,
  awarenessTimeoutMs: 2000,
  retry: { baseMs: 20, capMs: 200 },
};
export const docsApp = () =>
  defineApp({ schema, plugins: [watched(docs({ materialiser: 'inline', ...small }))] });
export type DocsApp = ReturnType<typeof docsApp>;

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
