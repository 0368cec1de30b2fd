/** What is kept: notes, each with a document of three fields. Who may do what stands below it. */
import { defineSchema, entity, field, policy } from 'ternion';

const Note = entity(
  'Note',
  {
    title: field.string(80),
    ownerId: field.id('User').optional(),
    /** Whether others than the owner may write. Everybody may read. */
    open: field.bool(),
    createdAt: field.datetime(),
    /** A few words, in a <textarea>. */
    summary: field.text(),
    /** Plain text, in CodeMirror. */
    body: field.text(),
    /** Rich text, in ProseMirror: a map, because its document is a tree of nodes. */
    page: field.map(),
  },
  { indexes: [{ name: 'by_time', fields: ['createdAt'] }] },
);

/** The note that is there from the start, nobody's own. */
export const WELCOME_ID = 'welcome';

/** The fields that are texts. */
export const TEXT_FIELDS = ['summary', 'body'] as const;

const mine = 'auth.userId != null && auth.userId == existing.ownerId';
export const schema = defineSchema({
  entities: [Note],
  policies: [
    policy({
      entity: 'Note',
      allowRead: 'true',
      allowInsert: `auth.userId != null && (auth.userId == data.ownerId || data.id == '${WELCOME_ID}')`,
      allowUpdate: `data.ownerId == existing.ownerId && (${mine} || (auth.userId != null && existing.open && data.open))`,
      allowDelete: 'auth.userId != null && auth.userId == data.ownerId',
    }),
  ],
});
