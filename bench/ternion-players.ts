/** PlayerSystem with Ternion's server. */
import { offerSubprotocols, PROTOCOL, encodeFrame as wrap } from 'ternion/protocol';
import { decodeFrameHeader } from '../shards/core/frame-header.ts';
import { KIND } from '../shards/core/frames.ts';
import { InputEncoder } from '../shards/core/input-codec.ts';
import { Reader } from '../src/base/bytes.ts';
import { type ArenaOptions, arena } from './arena.ts';
import type { BotScript } from './bot-script.ts';
import type { PlayerConnection, PlayerEvents, PlayerSystem } from './player-system.ts';
import { RawSocket } from './raw-socket.ts';
import { ShardReader } from './shard-reader.ts';

const CHANNEL = 1;
/** Ticks that an input is sent ahead of the newest frame. */
const LEAD = 4;
/** A bot further off than this takes its tick from the newest frame anew. */
const MAX_DRIFT = 4;

interface World {
  readonly def: ReturnType<typeof arena>;
  readonly sealed: boolean;
}

export function ternionPlayers(url: string, options: ArenaOptions): PlayerSystem {
  const world = { def: arena(options), sealed: options.sealed ?? false };
  return { join: (events) => TernionPlayer.join(url, world, events) };
}

class TernionPlayer implements PlayerConnection {
  readonly #def: World['def'];
  readonly #events: PlayerEvents;
  readonly #encoder = new InputEncoder();
  readonly #inputs;
  readonly #reader: ShardReader | undefined;
  #socket: RawSocket | undefined;
  /** The newest frame. */
  #last = { frame: 0, tick: 0 };
  #inputTick = 0;

  private constructor({ def, sealed }: World, events: PlayerEvents) {
    this.#def = def;
    this.#events = events;
    this.#inputs = def.inputType.table(1);
    if (events.sight) this.#reader = new ShardReader(def, sealed);
  }

  static async join(url: string, world: World, events: PlayerEvents): Promise<TernionPlayer> {
    const player = new TernionPlayer(world, events);
    await player.#join(url);
    return player;
  }

  get bytesIn(): number {
    return this.#socket?.bytesIn ?? 0;
  }

  input({ moveX, moveY, yaw, fire }: BotScript): void {
    if (this.#last.tick === 0) return;
    const wanted = this.#last.tick + LEAD;
    const drift = this.#inputTick + 1 - wanted;
    if (drift > MAX_DRIFT || drift < -MAX_DRIFT) {
      if (drift > 0) return;
      this.#inputTick = wanted - 1;
    }
    const input = this.#inputs.at(0);
    input.move.x = moveX;
    input.move.y = moveY;
    input.yaw = yaw;
    input.fire = fire;
    const header = { ackTick: this.#last.tick, firstTick: ++this.#inputTick, count: 1 };
    this.#socket?.send(
      wrap(
        CHANNEL,
        this.#encoder.encode(header, this.#inputs, () => 0),
      ),
    );
  }

  pause(paused: boolean): void {
    this.#socket?.pause(paused);
  }

  end(): void {
    this.#socket?.end();
  }

  #join(url: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const closed = (reason: string) => reject(new Error(reason));
      const message = (data: Buffer, isBinary: boolean, socket: RawSocket) => {
        if (isBinary) return this.#frame(data);
        const text = data.toString('latin1', 0, 32);
        if (text.startsWith('{"t":"welcome"')) {
          const open = {
            t: 'open',
            ch: CHANNEL,
            kind: 'shard',
            params: { shard: this.#def.name, id: 'one' },
          };
          socket.send(JSON.stringify(open));
        } else if (text.startsWith('{"t":"opened"')) resolve();
        else if (text.startsWith('{"t":"closed"') || text.startsWith('{"t":"fault"')) closed(data.toString());
      };
      RawSocket.connect(`${url}/ws`, { message, closed }, offerSubprotocols(null)).then((socket) => {
        this.#socket = socket;
        socket.send(
          JSON.stringify({ t: 'hello', protocol: PROTOCOL, client: 'load', schema: '', cursor: null }),
        );
      }, reject);
    });
  }

  #frame(data: Buffer): void {
    // One byte of channel.
    if (data[1] !== KIND.frame) return;
    this.#events.frame();
    if (this.#reader) {
      const sight = this.#reader.read(new Reader(Uint8Array.from(data.subarray(2))));
      this.#last.tick = sight.tick;
      this.#events.sight!(sight);
    } else this.#last = decodeFrameHeader(new Reader(data.subarray(2)), this.#last, this.#def.snapshotEvery);
  }
}
