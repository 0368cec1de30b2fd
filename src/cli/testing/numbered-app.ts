/** For tests of the commands: notes-app.ts in a later version, whose titles are numbers. */
import { defineApp } from '../../plugin/define-app.ts';
import { defineSchema } from '../../schema/define-schema.ts';
import { entity } from '../../schema/entity.ts';
import { field } from '../../schema/field.ts';

const Note = entity('Note', { title: field.int(), ownerId: field.id('User') });
export const app = defineApp({ schema: defineSchema({ entities: [Note] }) });
