/** `node --conditions=ternion-source examples/hello/server.ts` */
import { auth } from 'ternion/auth';
import { docs } from 'ternion/crdt/server';
import { createServer, defineApp } from 'ternion/server';
import { shards } from 'ternion/shards/server';
import { arena, schema } from './shared.ts';

const plugins = [auth(), docs(), shards({ arena }, { start: [{ shard: 'arena', id: 'main' }] })];
const app = defineApp({ schema, plugins });
export type App = typeof app;
await createServer(app);
