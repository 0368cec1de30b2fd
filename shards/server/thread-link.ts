/**
 * One end of the line between the main thread and a worker: what is written in a turn leaves as one buffer,
 * handed over and not copied (an object for each message costs twenty times as much). Both ends have one:
 * shard-thread.ts on the main thread, thread-desk.ts in the worker.
 *
 *   batch    records, one after another
 *   record   kind u8 | channel varuint | number varuint | bytes blob
 *
 * Each end tells the other how much it has read. While more than `maxBytes` are under way the line is `full`,
 * and its owner drops what may be dropped, so that a thread that hangs does not fill the other's memory.
 */
import { Reader, Writer } from '../../src/base/bytes.ts';
import type { Cancel, Clock } from '../../src/base/env.ts';
import type { Json } from '../../src/base/json.ts';
import { type Parcel, withRoom } from '../../src/base/parcel.ts';

/**
 * `said`: JSON. `payload`: to or from the client of a channel. `put`: a frame behind its room, with its tag. `sent`: the
 * frame of this tag was handed to the socket. `state`: of a shard, that begins or in answer to a question. `logged`: a
 * batch of a shard's log. `read`: so many bytes in all. `ping`: answer with `read`.
 */
const KINDS = ['said', 'payload', 'put', 'sent', 'state', 'logged', 'read', 'ping'] as const;

export interface LinkRecord {
  readonly kind: (typeof KINDS)[number];
  readonly channel: number;
  readonly number: number;
  /** A view of the batch, in which nobody writes but the carriers of a frame in its room. */
  readonly bytes: Uint8Array;
}

export interface LinkOptions {
  readonly maxBytes: number;
  /** Batches leave no closer together than this. */
  readonly restMs: number;
}

const NO_BYTES = new Uint8Array(0);

export class ThreadLink {
  readonly #clock: Clock;
  readonly #deps: { post(buffer: ArrayBuffer): void; beforePost?(): void };
  readonly #options: LinkOptions;
  readonly #writer = new Writer(4096);
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();
  #scheduled = false;
  #waiting: Cancel | undefined;
  #postedMs = Number.NEGATIVE_INFINITY;
  #postedBytes = 0;
  #takenBytes = 0;
  #readBytes = 0;
  #toldBytes = 0;
  #closed = false;

  /** `beforePost` may add records to the batch that is about to leave. */
  constructor(
    clock: Clock,
    deps: { post(buffer: ArrayBuffer): void; beforePost?(): void },
    options: LinkOptions,
  ) {
    this.#clock = clock;
    this.#deps = deps;
    this.#options = options;
  }

  get full(): boolean {
    return this.#postedBytes + this.#writer.length - this.#takenBytes > this.#options.maxBytes;
  }

  say(message: Json): void {
    this.#record('said', { bytes: this.#encoder.encode(JSON.stringify(message)) });
  }

  payload(channel: number, bytes: Uint8Array): void {
    this.#record('payload', { channel, bytes });
  }

  put(channel: number, tag: number, frame: Parcel): void {
    this.#record('put', { channel, number: tag, bytes: withRoom(frame) });
  }

  sent(channel: number, tag: number): void {
    this.#record('sent', { channel, number: tag });
  }

  /** `channel` is the shard's number here. */
  state(channel: number, question: number, bytes: Uint8Array): void {
    this.#record('state', { channel, number: question, bytes });
  }

  logged(channel: number, batch: number, bytes: Uint8Array): void {
    this.#record('logged', { channel, number: batch, bytes });
  }

  ping(): void {
    this.#record('ping', {});
  }

  /** Posts at the end of this turn, or when the last batch is `restMs` ago. */
  schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    const waitMs = this.#postedMs + this.#options.restMs - this.#clock.monotonic();
    if (waitMs > 0) this.#waiting = this.#clock.after(waitMs, () => this.#post());
    else this.#clock.soon(() => this.#post());
  }

  /** A batch has come. `each` gets all records but those about the line itself. */
  receive(buffer: ArrayBuffer, each: (record: LinkRecord) => void): void {
    const reader = new Reader(new Uint8Array(buffer));
    this.#readBytes += buffer.byteLength;
    while (reader.left > 0 && !this.#closed) {
      const kind = KINDS[reader.u8()]!;
      const channel = reader.varuint();
      const number = reader.varuint();
      const bytes = reader.blob(reader.left);
      if (kind === 'read') this.#takenBytes = number;
      else if (kind === 'ping') this.schedule();
      else each({ kind, channel, number, bytes });
    }
    if (this.#readBytes - this.#toldBytes > this.#options.maxBytes / 4) this.schedule();
  }

  /** Of a record `said`. The other end is our own code, so its shape is not checked again. */
  heard<T extends Json>({ bytes }: LinkRecord): T {
    return JSON.parse(this.#decoder.decode(bytes)) as T;
  }

  close(): void {
    this.#closed = true;
    this.#waiting?.();
  }

  #record(
    kind: (typeof KINDS)[number],
    { channel = 0, number = 0, bytes = NO_BYTES }: Partial<Omit<LinkRecord, 'kind'>>,
  ): void {
    this.#writer.u8(KINDS.indexOf(kind)).varuint(channel).varuint(number).blob(bytes);
    this.schedule();
  }

  #post(): void {
    if (this.#closed) return;
    this.#deps.beforePost?.();
    if (this.#readBytes !== this.#toldBytes) {
      this.#toldBytes = this.#readBytes;
      this.#record('read', { number: this.#readBytes });
    }
    this.#scheduled = false;
    this.#postedMs = this.#clock.monotonic();
    if (this.#writer.length === 0) return;
    const { buffer } = this.#writer.finish();
    this.#writer.clear();
    this.#postedBytes += buffer.byteLength;
    this.#deps.post(buffer as ArrayBuffer);
  }
}
