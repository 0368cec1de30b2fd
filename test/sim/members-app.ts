/** The app of the membership simulation: messages in rooms, seen by the members of the room alone. */
import { defineSchema, entity, field, policy } from 'ternion';
import { defineApp } from 'ternion/server';

const Member = entity(
  'Member',
  { roomId: field.string(), userId: field.string(), level: field.int().default(1) },
  { indexes: [{ name: 'by_room', fields: ['roomId', 'userId'] }] },
);
const Message = entity(
  'Message',
  { roomId: field.string(), text: field.string() },
  { indexes: [{ name: 'by_room', fields: ['roomId'] }] },
);
/** Seen by those whom nobody has muted. */
const Shout = entity('Shout', { text: field.string() });
const Mute = entity('Mute', { userId: field.string() });

const IN_ROOM = 'row.roomId == data.roomId && row.userId == auth.userId';
const anybody = { allowRead: 'true', allowInsert: 'true', allowUpdate: 'true', allowDelete: 'true' };
const schema = defineSchema({
  entities: [Member, Message, Shout, Mute],
  policies: [
    policy({ entity: 'Member', ...anybody }),
    policy({ entity: 'Mute', ...anybody }),
    policy({
      entity: 'Message',
      allowRead: `exists(Member where ${IN_ROOM})`,
      allowInsert: `exists(Member where ${IN_ROOM} && row.level >= 2)`,
      allowUpdate: `exists(Member where ${IN_ROOM})`,
      allowDelete: 'true',
    }),
    policy({ ...anybody, entity: 'Shout', allowRead: '!exists(Mute where row.userId == auth.userId)' }),
  ],
});

export const ROOMS = ['a', 'b', 'c'];
export const membersApp = () => defineApp({ schema, functions: {} });
export type MembersApp = ReturnType<typeof membersApp>;
