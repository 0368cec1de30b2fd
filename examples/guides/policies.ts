/** The code of docs/guides/policies.md; test/policies-guide.test.ts starts it. */
import { defineSchema, entity, field, policy } from 'ternion';

export const Note = entity('Note', {
  title: field.string(),
  ownerId: field.id('User').optional(),
  status: field.enum('draft', 'live'),
  likes: field.int(),
  publishAt: field.datetime(),
  pinned: field.bool().optional(),
  memberIds: field.json<string[]>(),
});
export const notePolicy = policy({
  entity: 'Note',
  allowRead: "data.status == 'live' || auth.userId == data.ownerId",
  allowInsert: 'auth.userId == data.ownerId',
  allowUpdate: 'auth.userId == existing.ownerId && data.ownerId == existing.ownerId',
  allowDelete: "auth.userId == data.ownerId || auth.hasRole('admin')",
});
export const Member = entity(
  'Member',
  {
    roomId: field.id('Room'),
    userId: field.id('User'),
    level: field.int().default(1),
  },
  { indexes: [{ name: 'by_room', fields: ['roomId', 'userId'] }] },
);
export const Message = entity(
  'Message',
  { roomId: field.id('Room'), text: field.string() },
  { indexes: [{ name: 'by_room', fields: ['roomId'] }] },
);

const member = 'row.roomId == data.roomId && row.userId == auth.userId';
export const messagePolicy = policy({
  entity: 'Message',
  allowRead: `exists(Member where ${member})`,
  allowInsert: `exists(Member where ${member} && row.level >= 2)`,
  allowDelete: `exists(Member where ${member} && row.level >= 3)`,
});
export const schema = defineSchema({
  entities: [Note, Member, Message],
  policies: [notePolicy, messagePolicy],
});
