/** SimpleServer of loro-websocket, documents in memory only. */
import { createServer } from 'node:http';
import { SimpleServer } from 'loro-websocket/server';
import { serve } from '../../serve.ts';

// It takes a port of its own and does not tell it: one that was free a moment ago.
const probe = createServer().listen(0, '127.0.0.1');
await new Promise((resolve) => probe.once('listening', resolve));
const { port } = probe.address();
await new Promise((resolve) => probe.close(resolve));
const server = new SimpleServer({ port, host: '127.0.0.1' });
await server.start();
serve(`http://127.0.0.1:${port}`);
