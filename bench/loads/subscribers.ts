/**
 * Raw sockets that follow all rows, and one that writes at a steady rate; prints the p99 of the ms from a write
 * to its row at each socket.
 */
import { newId } from '../../src/base/id.ts';
import { nodeEnv } from '../../src/server/node-env.ts';
import { quantile } from '../figure.ts';
import { WireClient } from '../wire-client.ts';

interface Options {
  url: string;
  token: string;
  sockets: number;
  perSecond: number;
  seconds: number;
}

const { url, token, sockets, perSecond, seconds }: Options = JSON.parse(process.argv[2] ?? '{}');
const WARM_UP = 2 * perSecond;
const END_MS = 2000;
const TITLE = '"title":"write ';
const env = nodeEnv('silent');
const sentAt: number[] = [];
const delays: number[] = [];
let delivered = 0;

const arrived = (message: Buffer) => {
  const now = performance.now();
  for (let at = message.indexOf(TITLE); at >= 0; at = message.indexOf(TITLE, at + 1)) {
    const n = Number.parseInt(message.toString('latin1', at + TITLE.length, at + TITLE.length + 9), 10);
    delivered++;
    if (n >= WARM_UP) delays.push(now - sentAt[n]!);
  }
};
for (let i = 0; i < sockets; i++) await WireClient.connect(url, token, { only: 'batch', raw: arrived });
const writer = await WireClient.connect(url, token, { only: 'none' });

const total = WARM_UP + seconds * perSecond;
const timer = setInterval(() => {
  const n = sentAt.length;
  if (n === total) {
    clearInterval(timer);
    return setTimeout(finish, END_MS);
  }
  const data = { title: `write ${n}`, owner: 'somebody', rank: n };
  const op = { op_id: newId(env), entity: 'Item', row_id: newId(env), kind: 'insert', data };
  sentAt.push(performance.now());
  writer.say({ t: 'push', id: n + 1, ops: [op] });
}, 1000 / perSecond);

function finish(): void {
  if (delivered !== total * sockets) throw new Error(`${delivered} of ${total * sockets} arrived`);
  delays.sort((a, b) => a - b);
  console.log(JSON.stringify({ p50: quantile(delays, 0.5), p99: quantile(delays, 0.99) }));
  process.exit(0);
}
