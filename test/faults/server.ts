/** A real server process of the rows app, to be killed: `node server.ts <port> <database>`. Says its URL when ready. */

import { auth } from 'ternion/auth';
import { docs } from 'ternion/crdt/server';
import { createServer, defineApp } from 'ternion/server';
import { faultsApp } from './faults-app.ts';

const [port, database] = process.argv.slice(2);
const app = defineApp({ ...faultsApp, plugins: [auth(), docs({ compactUpdates: 50 })] });
const server = await createServer(app, { port: Number(port), database: database ?? '', logLevel: 'error' });
process.send?.(server.port);
