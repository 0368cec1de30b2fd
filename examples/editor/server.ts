/** The notes alone, without pages: `node --conditions=ternion-source examples/editor/server.ts`. */
import { createServer } from 'ternion/server';
import { app } from './app.ts';

const server = await createServer(app);
console.log(`Ternion editor listens at ${server.url}`);
