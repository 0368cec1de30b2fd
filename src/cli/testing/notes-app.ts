/** For tests of the commands: an app in a module of its own. */
import { defineApp } from '../../plugin/define-app.ts';
import { defineSchema } from '../../schema/define-schema.ts';
import { entity } from '../../schema/entity.ts';
import { field } from '../../schema/field.ts';
import { policy } from '../../schema/policy-spec.ts';

const Member = entity('Member', { noteId: field.id('Note'), userId: field.id('User') });
const Note = entity('Note', {
  title: field.string(),
  ownerId: field.id('User'),
  pin: field.string().default('').serverOnly(),
});
const Lost = entity('Lost', { title: field.string() });
const schema = defineSchema({
  entities: [Note, Member, Lost],
  policies: [
    policy({
      entity: 'Note',
      allowRead:
        "data.pin == '' || data.ownerId == auth.userId || exists(Member where row.noteId == data.id && row.userId == auth.userId)",
    }),
    policy({ entity: 'Member', allowRead: "auth.hasRole('admin')" }),
  ],
});
export const app = defineApp({ schema });
