/** A real server process of a walk, to be killed: `node shards-server.ts <port> <database> <options>`. */
import { defineSchema, entity, field, policy } from 'ternion';
import { auth } from 'ternion/auth';
import { createServer, defineApp } from 'ternion/server';
import { shards } from 'ternion/shards/server';
import { walk } from './shards-app.ts';

const [port, database, options] = process.argv.slice(2);
const schema = defineSchema({
  entities: [entity('Nothing', { name: field.string() })],
  policies: [policy({ entity: 'Nothing', allowRead: 'true' })],
});
const worlds = shards({ walk }, { start: [{ shard: 'walk', id: 'w' }], ...JSON.parse(options ?? '{}') });
const app = defineApp({ schema, plugins: [auth(), worlds] });
const server = await createServer(app, { port: Number(port), database: database ?? '', logLevel: 'warn' });
const { world } = worlds.directory.find(walk, 'w')!;
const players = world.entities.filter(({ bot }) => !bot);
process.send?.([server.port, { tick: world.tick, steps: players.map(({ steps }) => steps) }]);
