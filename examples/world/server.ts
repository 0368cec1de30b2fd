/** The world alone, without pages: `node --conditions=ternion-source examples/world/server.ts`. */
import { createServer } from 'ternion/server';
import { app } from './app.ts';

const server = await createServer(app);
console.log(`Ternion world listens at ${server.url}`);
