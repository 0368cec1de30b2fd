/** The app of the step by step simulation: messages in rooms, and who is in which, for its members alone. */
import { defineSchema, entity, field, policy } from 'ternion';
import { defineApp } from 'ternion/server';
import type { Rows } from './history.ts';

const Member = entity(
  'Member',
  { roomId: field.string(), userId: field.string() },
  { indexes: [{ name: 'by_room', fields: ['roomId', 'userId'] }] },
);
const Message = entity(
  'Message',
  { roomId: field.string(), text: field.string() },
  { indexes: [{ name: 'by_room', fields: ['roomId'] }] },
);
const anybody = { allowInsert: 'true', allowUpdate: 'true', allowDelete: 'true' };
const schema = defineSchema({
  entities: [Member, Message],
  policies: [
    policy({
      entity: 'Member',
      allowRead: "auth.userId == data.userId || data.roomId == 'open'",
      ...anybody,
    }),
    policy({
      entity: 'Message',
      allowRead: 'exists(Member where row.roomId == data.roomId && row.userId == auth.userId)',
      ...anybody,
    }),
  ],
});

export const ROOMS = ['open', 'a', 'b'];
export const USERS = ['ada', 'eve'];
export const stepsApp = () => defineApp({ schema, functions: {} });

/** The policies once more, as plain loops. */
export function visible(rows: Rows, user: string | null): Rows {
  const members = [...(rows.get('Member') ?? [])];
  const rooms = new Set(members.filter(([, { userId }]) => userId === user).map(([, { roomId }]) => roomId));
  return new Map([
    ['Member', new Map(members.filter(([, { userId, roomId }]) => userId === user || roomId === 'open'))],
    ['Message', new Map([...(rows.get('Message') ?? [])].filter(([, { roomId }]) => rooms.has(roomId)))],
  ]);
}
