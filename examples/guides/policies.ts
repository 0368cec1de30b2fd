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
export const schema = defineSchema({ entities: [Note], policies: [notePolicy] });
