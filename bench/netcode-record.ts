/** Records what a player of the crowd is sent, over a good link, for netcode-replay.ts. */
import { joinShard } from 'ternion/shards/client';
import { shardInfo } from '../shards/client/stay.ts';
import { parseShape } from '../src/base/shape.ts';
import type { EngineHost } from '../src/client/channel.ts';
import { SimShards } from '../test/shards/sim-shards.ts';
import { crowd, inputAt } from './netcode-crowd.ts';
import type { Recording } from './netcode-replay.ts';

const FRAME_MS = 1000 / 60;

export async function recordCrowd(seconds: number): Promise<Recording> {
  const sim = new SimShards({ crowd }, { start: [{ shard: 'crowd', id: 'one' }] });
  await sim.instance.start?.();
  const client = sim.client({ userId: 'ann', latencyMs: 20 });
  const { clock } = sim.env;
  const frames: Recording['frames'][number][] = [];
  let info: Recording['info'] | undefined;
  const host: EngineHost = {
    env: client.env,
    docs: client.docs,
    store: client.store,
    session: client.session,
    onSession: (listener) => client.onSession(listener),
    channels: {
      open: (kind, params, events) =>
        client.channels.open(kind, params, {
          ...events,
          opened(raw) {
            info = parseShape(shardInfo, raw, 'opened');
            events.opened(raw);
          },
          frame(payload) {
            frames.push({ ms: clock.monotonic(), payload: [...payload] });
            events.frame(payload);
          },
        }),
    },
  };
  const handle = joinShard(host, crowd, { id: 'one' });
  for (let ms = 0; ms < seconds * 1000; ms += FRAME_MS) {
    await clock.advance(FRAME_MS);
    handle.send(inputAt(clock.monotonic()));
  }
  if (!info) throw new Error('not joined');
  return { info, frames };
}
