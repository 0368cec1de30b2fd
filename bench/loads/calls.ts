/** Raw sockets that call `notes.create` again and again; prints calls per second and the p99 latency in ms. */
import { newId } from '../../src/base/id.ts';
import { nodeEnv } from '../../src/server/node-env.ts';
import { createGuest } from '../client.ts';
import { quantile } from '../figure.ts';
import { WireClient } from '../wire-client.ts';

interface Options {
  url: string;
  clients: number;
  seconds: number;
  inFlight: number;
  title: string;
}

const { url, clients, seconds, inFlight, title }: Options = JSON.parse(process.argv[2] ?? '{}');
const WARM_UP_MS = 500;
const env = nodeEnv('silent');
const delays: number[] = [];
let counting = false;
let stopped = false;

async function caller(): Promise<WireClient> {
  const startedAt = new Map<number, number>();
  let id = 0;
  const call = () => {
    if (stopped) return;
    startedAt.set(++id, performance.now());
    client.say({ t: 'call', id, fn: 'notes.create', args: { title }, op: newId(env) });
  };
  const client = await WireClient.connect(url, await createGuest(url), {
    // Batches of the others' rows are most of what arrives; the load only looks at its results.
    only: 'result',
    text: (text) => {
      const message = JSON.parse(text);
      if (!message.ok) throw new Error(text);
      if (counting) delays.push(performance.now() - startedAt.get(message.id)!);
      startedAt.delete(message.id);
      call();
    },
  });
  for (let i = 0; i < inFlight; i++) call();
  return client;
}

const callers = await Promise.all(Array.from({ length: clients }, caller));
setTimeout(() => {
  counting = true;
  const start = performance.now();
  setTimeout(() => {
    stopped = true;
    const perSecond = delays.length / ((performance.now() - start) / 1000);
    delays.sort((a, b) => a - b);
    console.log(JSON.stringify({ perSecond, p99: quantile(delays, 0.99) }));
    for (const client of callers) client.end();
    process.exit(0);
  }, seconds * 1000);
}, WARM_UP_MS);
