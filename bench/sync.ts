/**
 * Live sync: the first copy of many rows, from a write to a view, many subscribers. The first two also of the
 * peers that are installed (`npm run bench:peers`), in turns with ours: same rows, same client code.
 */
import type { Sample, Workload } from './figure.ts';
import { runLoad } from './load.ts';
import { ZeroPeer, zeroInstalled } from './peers/zero-peer.ts';
import { VIEW_ROWS } from './sync-client.ts';
import { syncServer } from './sync-server.ts';

const ROWS = 50_000;
const SUBSCRIBERS = { sockets: 1000, perSecond: 20, seconds: 5 };

/** Runs `load` against a fresh server with so many rows. */
async function ours<R>(load: string, rows: number, options: object): Promise<R> {
  const { server, token, close } = await syncServer(rows);
  try {
    return await runLoad<R>(load, { system: 'ternion', url: server.url, token, ...options });
  } finally {
    await close();
  }
}

/** One server of the peer, for all runs: it takes half a minute to start. */
function withZero(load: string, rows: number) {
  if (!zeroInstalled()) return undefined;
  let peer: Promise<ZeroPeer> | undefined;
  return {
    async run<R>(options: object): Promise<R> {
      peer ??= ZeroPeer.start(rows);
      const { url } = await peer;
      return runLoad<R>(load, { system: 'zero', url, token: '', ...options });
    },
    async close() {
      await (await peer)?.close();
    },
  };
}

function initial(): Workload {
  const zero = withZero('initial', ROWS);
  const units: Record<string, string> = { 'sync.initial': 'rows/s' };
  if (zero) Object.assign(units, { 'sync.initial.zero': 'rows/s', 'sync.initial.vs-zero': 'x' });
  const run = async () => {
    const options = { rows: ROWS };
    const { perSecond } = await ours<{ perSecond: number }>('initial', ROWS, options);
    const sample: Sample = { 'sync.initial': perSecond };
    if (zero) {
      const theirs = await zero.run<{ perSecond: number }>(options);
      sample['sync.initial.zero'] = theirs.perSecond;
      sample['sync.initial.vs-zero'] = perSecond / theirs.perSecond;
    }
    return sample;
  };
  return { units, run, close: zero?.close };
}

function writeToView(): Workload {
  interface Delays {
    p50: number;
    p99: number;
  }
  const name = 'sync.write-to-view';
  const zero = withZero('view', VIEW_ROWS);
  const units: Record<string, string> = { [`${name}.p50`]: 'ms', [`${name}.p99`]: 'ms' };
  if (zero) {
    Object.assign(units, {
      [`${name}.zero.p50`]: 'ms',
      [`${name}.zero.p99`]: 'ms',
      [`${name}.vs-zero`]: 'x (p50)',
    });
  }
  // The peer keeps what earlier runs wrote.
  let firstRank = VIEW_ROWS;
  const run = async () => {
    const options = { firstRank };
    firstRank += 1000;
    const { p50, p99 } = await ours<Delays>('view', VIEW_ROWS, options);
    const sample: Sample = { [`${name}.p50`]: p50, [`${name}.p99`]: p99 };
    if (zero) {
      const theirs = await zero.run<Delays>(options);
      sample[`${name}.zero.p50`] = theirs.p50;
      sample[`${name}.zero.p99`] = theirs.p99;
      sample[`${name}.vs-zero`] = theirs.p50 / p50;
    }
    return sample;
  };
  return { units, run, close: zero?.close };
}

function fanOut(): Workload {
  const name = `sync.fanout-${SUBSCRIBERS.sockets}`;
  const run = async () => {
    const { p50, p99 } = await ours<{ p50: number; p99: number }>('subscribers', 0, SUBSCRIBERS);
    return { [`${name}.p50`]: p50, [`${name}.p99`]: p99 };
  };
  return { units: { [`${name}.p50`]: 'ms', [`${name}.p99`]: 'ms' }, run };
}

export const syncWorkloads: Record<string, () => Workload> = {
  'sync.initial': initial,
  'sync.write-to-view': writeToView,
  [`sync.fanout-${SUBSCRIBERS.sockets}`]: fanOut,
};
