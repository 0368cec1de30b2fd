/**
 * Players as raw sockets: each sends an input every 50 ms and counts what it gets. Says `ready` when all are
 * in and settled, measures for some seconds, and prints bytes per frame and frames per second of a player.
 */
import { BitWriter } from '../../src/base/bits.ts';
import { Reader, Writer } from '../../src/base/bytes.ts';
import { createGuest } from '../client.ts';
import { WireClient } from '../wire-client.ts';

const { url, count, seconds }: { url: string; count: number; seconds: number } = JSON.parse(
  process.argv[2] ?? '{}',
);
const CHANNEL = 1;
const INPUT = 0x21;
const FRAME = 0x31;
const TICK_MS = 50;
const SETTLE_MS = 1000;
/** Ticks that an input is sent ahead of the newest frame. */
const LEAD = 4;

let frames = 0;
let bytes = 0;
let counting = false;

class LoadPlayer {
  #client: WireClient | undefined;
  #tick = 0;
  #last = 0;
  readonly #angle: number;

  constructor(n: number) {
    this.#angle = n;
  }

  async join(): Promise<void> {
    this.#client = await WireClient.connect(url, await createGuest(url), {
      frame: (data) => this.#frame(data),
      text: (text) => {
        if (text.startsWith('{"t":"closed"')) throw new Error(text);
      },
    });
    this.#client.say({ t: 'open', ch: CHANNEL, kind: 'shard', params: { shard: 'bench', id: 'one' } });
  }

  /** One input: ackTick, firstTick, count, two numbers of 7 bits. */
  input(): void {
    const tick = this.#tick + LEAD;
    if (this.#tick === 0 || tick <= this.#last) return;
    this.#last = tick;
    const bits = new BitWriter(2);
    bits.write(50 + Math.round(45 * Math.sin(this.#angle + tick / 20)), 7);
    bits.write(50 + Math.round(45 * Math.cos(this.#angle + tick / 20)), 7);
    const payload = new Writer(16)
      .u8(INPUT)
      .varuint(this.#tick)
      .varuint(tick)
      .u8(1)
      .bytes(bits.finish())
      .finish();
    this.#client?.send(CHANNEL, payload);
  }

  end(): void {
    this.#client?.end();
  }

  #frame(data: Buffer): void {
    const reader = new Reader(data);
    reader.varuint(); // the channel
    if (reader.u8() !== FRAME) return;
    this.#tick = reader.varuint();
    if (!counting) return;
    frames++;
    bytes += data.length;
  }
}

const players = Array.from({ length: count }, (_, n) => new LoadPlayer(n));
for (const player of players) await player.join();
setInterval(() => {
  for (const player of players) player.input();
}, TICK_MS);
setTimeout(() => {
  process.send?.('ready');
  counting = true;
  const start = performance.now();
  setTimeout(() => {
    const elapsed = (performance.now() - start) / 1000;
    console.log(JSON.stringify({ bytes: bytes / frames, rate: frames / count / elapsed }));
    for (const player of players) player.end();
    process.exit(0);
  }, seconds * 1000);
}, SETTLE_MS);
