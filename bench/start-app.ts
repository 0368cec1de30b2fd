/** What bench/start.ts starts: one entity with rows of about 1 kB, and its index. */
import { defineSchema, entity, field, policy } from 'ternion';
import { auth } from 'ternion/auth';
import { defineApp } from 'ternion/server';

const Item = entity(
  'Item',
  { ownerId: field.id('User'), text: field.string(), updatedAt: field.datetime() },
  { indexes: [{ name: 'by_owner', fields: ['ownerId', 'updatedAt'] }] },
);
const schema = defineSchema({ entities: [Item], policies: [policy({ entity: 'Item', allowRead: 'true' })] });
export const app = defineApp({ schema, plugins: [auth()] });
