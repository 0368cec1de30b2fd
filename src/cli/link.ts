/** `ternion link`: a bad link before a server, to see in a browser what far-away players see. Runs until it is stopped. */
import { Fault } from '../base/fault.ts';
import { nodeEnv } from '../server/node-env.ts';
import { LinkProxy } from '../testing/link-proxy.ts';

export interface LinkFlags {
  readonly port: number;
  readonly latency: number;
  readonly jitter: number;
  /** Percent. */
  readonly loss: number;
  /** 0: no limit. */
  readonly kbps: number;
}

/** Resolves with its port when it listens. Throws Fault `invalid` that names the flag. */
export async function openLink(
  toPort: number,
  { port, latency, jitter, loss, kbps }: LinkFlags,
): Promise<number> {
  for (const [name, value] of Object.entries({ to: toPort, port, latency, jitter, loss, kbps })) {
    if (!(value >= 0)) throw new Fault('invalid', `${name} must be a number from 0 on`);
  }
  if (loss > 100) throw new Fault('invalid', 'loss is in percent');
  const bandwidth = kbps > 0 ? { bytesPerSecond: (kbps * 1000) / 8 } : {};
  const quality = { latencyMs: latency, jitterMs: jitter, loss: loss / 100, ...bandwidth };
  return new LinkProxy(nodeEnv('silent'), { quality, toPort }).listen(port);
}
