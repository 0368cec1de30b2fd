/** For tests: an app of notes, each with who may read and who may edit it ('*': everybody). */
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

export const notesSchema = defineSchema({
  entities: [Note, Plain],
  policies: [
    policy({
      entity: 'Note',
      allowRead: "data.reader == '*' || data.reader == auth.userId",
      allowUpdate: "existing.editor == '*' || existing.editor == auth.userId",
    }),
  ],
});
