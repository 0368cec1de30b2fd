/** What is kept: the sign (a row with a document) and the guestbook (rows). Who may do what stands beside it. */
import { defineSchema, entity, field, policy } from 'ternion';

/** One row; its text is edited by everybody at once and projected to the column. */
const Sign = entity('Sign', {
  title: field.string(80),
  text: field.richtext(),
});

const Entry = entity(
  'Entry',
  {
    name: field.string(24),
    message: field.string(280),
    authorId: field.string(64),
    writtenAt: field.datetime(),
  },
  { indexes: [{ name: 'by_time', fields: ['writtenAt'] }] },
);

/** The id of the one sign. */
export const SIGN_ID = 'plaza';

export const schema = defineSchema({
  entities: [Sign, Entry],
  policies: [
    policy({
      entity: 'Sign',
      allowRead: 'true',
      allowInsert: `auth.userId != null && data.id == '${SIGN_ID}'`,
      allowUpdate: 'auth.userId != null && data.title == existing.title',
    }),
    policy({
      entity: 'Entry',
      allowRead: 'true',
      allowInsert: "auth.userId == data.authorId && data.name != '' && data.message != ''",
      allowDelete: 'auth.userId == data.authorId',
    }),
  ],
});
