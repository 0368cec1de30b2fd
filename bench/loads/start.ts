/** A server process on a large database: prints how long it took to listen, and its memory then. */
import { createServer } from 'ternion/server';
import { app } from '../start-app.ts';

const { database }: { database: string } = JSON.parse(process.argv[2] ?? '{}');
const beforeMs = performance.now();
const server = await createServer(app, { port: 0, database, logLevel: 'error', signals: false });
const seconds = performance.now() / 1000; // since the process began
const ownSeconds = (performance.now() - beforeMs) / 1000;
const answer = await fetch(`${server.url}/ready`);
if (!answer.ok) throw new Error('not ready');
console.log(JSON.stringify({ seconds, ownSeconds, rss: process.memoryUsage.rss() / (1 << 20) }));
process.exit(0);
