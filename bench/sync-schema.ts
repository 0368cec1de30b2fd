/** Rows of about 100 bytes that everybody sees and every guest may write. */
import { defineSchema, entity, field, policy } from 'ternion';

const Item = entity('Item', { title: field.string(), owner: field.string(), rank: field.int() });
export const schema = defineSchema({
  entities: [Item],
  policies: [policy({ entity: 'Item', allowRead: 'true', allowInsert: 'auth.userId != null' })],
});
