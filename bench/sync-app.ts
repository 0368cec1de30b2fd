/** The app of the sync benchmarks: rows of about 100 bytes that everybody sees and every guest may write. */
import { defineSchema, entity, field, policy } from 'ternion';
import { auth } from 'ternion/auth';
import { defineApp } from 'ternion/server';

const Item = entity('Item', { title: field.string(), owner: field.string(), rank: field.int() });
export const schema = defineSchema({
  entities: [Item],
  policies: [policy({ entity: 'Item', allowRead: 'true', allowInsert: 'auth.userId != null' })],
});
export const app = defineApp({ schema, plugins: [auth()] });
export type SyncApp = typeof app;
