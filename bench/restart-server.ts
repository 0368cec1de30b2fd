/** The process that bench/restart.ts kills: `node restart-server.ts <port> <database>`. Says its port when it listens. */
import { defineSchema, entity, field, policy } from 'ternion';
import { auth } from 'ternion/auth';
import { createServer, defineApp } from 'ternion/server';
import { shards } from 'ternion/shards/server';
import { meadow } from './restart-app.ts';

const [port, database] = process.argv.slice(2);
const schema = defineSchema({
  entities: [entity('Nothing', { name: field.string() })],
  policies: [policy({ entity: 'Nothing', allowRead: 'true' })],
});
const worlds = shards(
  { meadow },
  { start: [{ shard: 'meadow', id: 'm' }], checkpoint: { everyMs: 10_000, inputLog: true } },
);
const app = defineApp({ schema, plugins: [auth(), worlds] });
const server = await createServer(app, { port: Number(port), database: database ?? '', logLevel: 'error' });
process.send?.(server.port);
