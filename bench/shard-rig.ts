/**
 * A shard with its players in one process and without sockets: what a tick costs by itself, and what it allocates. Time
 * is turned by hand; what is sent to a player is handed over at once and thrown away.
 */
import { type ShardsPlugin, shards } from 'ternion/shards/server';
import { InputEncoder } from '../shards/core/input-codec.ts';
import { type Clock, silentLog } from '../src/base/env.ts';
import type { Channel, ChannelHandler } from '../src/plugin/channel.ts';
import type { PluginInstance } from '../src/plugin/plugin.ts';
import type { Services } from '../src/plugin/services.ts';
import { SimRandom } from '../src/testing/sim-random.ts';
import { SimStore } from '../test/shards/sim-store.ts';
import { type ArenaOptions, arena } from './arena.ts';
import { BotScript } from './bot-script.ts';

const TICK_MS = 50;
/** Ticks that an input is ahead. */
const LEAD = 3;

/** CPU of the process's one thread, which neighbours on the machine do not change. */
export interface TickCost {
  /** Inputs taken in, of all players. */
  readonly inputsMs: number;
  /** Inputs applied, the world moved. */
  readonly simulateMs: number;
  /** The rest of the tick: cells, chunks, frames. */
  readonly encodeMs: number;
  /** Bytes of frames, of all players. */
  readonly bytes: number;
}

class HandClock implements Clock {
  nowMs = 0;
  readonly #tasks = new Set<{ atMs: number; run: () => void }>();

  now(): number {
    return this.nowMs;
  }

  monotonic(): number {
    return this.nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const task = { atMs: this.nowMs + delayMs, run };
    this.#tasks.add(task);
    return () => this.#tasks.delete(task);
  }

  soon(run: () => void): void {
    this.after(0, run);
  }

  turn(ms: number): void {
    this.nowMs += ms;
    for (const task of [...this.#tasks]) {
      // Due a little later counts too: a tick is due at a sum of fractions.
      if (task.atMs > this.nowMs + 1e-6 || !this.#tasks.delete(task)) continue;
      task.run();
    }
  }
}

class RigPlayer {
  readonly script: BotScript;
  handler: ChannelHandler | undefined;
  /** What he sends in this tick, if he knows of a frame. */
  input: Uint8Array | undefined;
  bytes = 0;
  /** Why the shard has sent him away. */
  fault: Error | undefined;
  /** The tick of the last frame. */
  sentTag = -1;
  readonly channel: Channel;

  constructor(n: number) {
    this.script = new BotScript(n);
    const player = this;
    this.channel = {
      session: {
        id: `s${n}`,
        clientId: `c${n}`,
        viewer: { userId: null, kind: 'anonymous', roles: [], name: null, orgId: null } as never,
        onViewer: () => () => {},
      },
      send: () => true,
      latest: {
        put(payload, tag) {
          player.bytes += payload.to - payload.from;
          player.sentTag = tag;
        },
        get sentTag() {
          return player.sentTag;
        },
      },
      close: (fault) => {
        this.fault = fault;
      },
    };
  }
}

export class ShardRig {
  readonly #clock = new HandClock();
  readonly #store = new SimStore();
  readonly #def: ReturnType<typeof arena>;
  readonly #instance: PluginInstance;
  readonly #players: RigPlayer[];
  readonly #encoder = new InputEncoder();
  readonly #input;
  #simulatedMs = 0;

  private constructor(options: ArenaOptions) {
    const def = arena(options);
    this.#def = def;
    this.#input = def.inputType.table(1);
    const rig = this;
    const timed = {
      ...def,
      tick(world: Parameters<NonNullable<typeof def.tick>>[0], dt: number) {
        def.tick?.(world, dt);
        rig.#simulatedMs = cpuMs();
      },
    };
    const plugin: ShardsPlugin = shards({ arena: timed }, { start: [{ shard: 'arena', id: 'one' }] });
    const env = { clock: this.#clock, random: new SimRandom(1), log: silentLog };
    // The plugin uses nothing of the services but these two.
    this.#instance = plugin.create({ env, store: this.#store.asStore } as unknown as Services);
    this.#players = Array.from({ length: options.players }, (_, n) => new RigPlayer(n));
  }

  static async open(options: ArenaOptions): Promise<ShardRig> {
    const rig = new ShardRig(options);
    await rig.#store.open(rig.#instance.tables ?? []);
    await rig.#instance.start?.();
    for (const player of rig.#players) {
      const { channel } = player;
      player.handler = await rig.#instance.channels!.shard!(channel, { shard: rig.#def.name, id: 'one' });
      player.handler.opened?.();
    }
    return rig;
  }

  tick(): TickCost {
    for (const player of this.#players) this.#play(player);
    const beginMs = cpuMs();
    this.#takeIn();
    const before = this.#players.reduce((sum, { bytes }) => sum + bytes, 0);
    const turnMs = cpuMs();
    this.#clock.turn(TICK_MS);
    const endMs = cpuMs();
    return {
      inputsMs: turnMs - beginMs,
      simulateMs: this.#simulatedMs - turnMs,
      encodeMs: endMs - this.#simulatedMs,
      bytes: this.#players.reduce((sum, { bytes }) => sum + bytes, 0) - before,
    };
  }

  /** The player's half of an input, which costs the server nothing. */
  #play(player: RigPlayer): void {
    const { script, sentTag, fault } = player;
    if (fault) throw fault;
    script.next();
    if (sentTag === -1) return;
    const input = this.#input.at(0);
    input.move.x = script.moveX;
    input.move.y = script.moveY;
    input.yaw = script.yaw;
    input.fire = script.fire;
    const header = { ackTick: sentTag, firstTick: sentTag + LEAD, count: 1 };
    player.input = this.#encoder.encode(header, this.#input, () => 0);
  }

  #takeIn(): void {
    for (const { handler, input } of this.#players) if (input) handler!.frame(input);
  }

  async close(): Promise<void> {
    await this.#instance.close?.();
  }
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
