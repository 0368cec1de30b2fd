/** For tests: an app of notes, each with who may read and who may edit it ('*': everybody), and of pages. */
import { defineSchema } from '../../../src/schema/define-schema.ts';
import { entity } from '../../../src/schema/entity.ts';
import { field } from '../../../src/schema/field.ts';
import { policy } from '../../../src/schema/policy-spec.ts';

export const Note = entity('Note', {
  editor: field.string().default('*'),
  reader: field.string().default('*'),
  body: field.richtext(),
});
/** Has no documents. */
export const Plain = entity('Plain', { title: field.string() });

/** Guarded by the rows of another entity. */
export const Page = entity('Page', { roomId: field.id('Room'), body: field.richtext() });
export const Member = entity('Member', {
  roomId: field.id('Room'),
  userId: field.id('User'),
  level: field.int(),
});

export const notesSchema = defineSchema({
  entities: [Note, Plain, Page, Member],
  policies: [
    policy({
      entity: 'Note',
      allowRead: "data.reader == '*' || data.reader == auth.userId",
      allowUpdate: "existing.editor == '*' || existing.editor == auth.userId",
    }),
    policy({
      entity: 'Page',
      allowRead: 'exists(Member where row.roomId == data.roomId && row.userId == auth.userId)',
      allowUpdate:
        'exists(Member where row.roomId == existing.roomId && row.userId == auth.userId && row.level >= 2)',
    }),
  ],
});
