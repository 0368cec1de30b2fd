/**
 * What waits to leave through one socket, in five lanes: control, shard, stream, rows, docs, sent in that
 * order. Messages stay here while the socket is behind, so that a newer snapshot can replace an unsent one; each
 * lane has a cap in bytes, and what a full lane means is its owner's affair: streams, rows
 * and docs are told when there is room and go on then, snapshots keep their newest, control ends the
 * connection. [S10] [T5]
 * All frames of one turn leave in one write.
 */
import type { Cancel, Clock } from '../base/env.ts';
import type { Parcel } from '../base/parcel.ts';
import type { Transport } from '../plugin/transport.ts';

export interface OutboxLimits {
  /** Bytes in the socket above which nothing more is handed to it. */
  highWaterBytes: number;
  controlBytes: number;
  shardBytes: number;
  /** Of streaming calls; above it `ctx.stream.write` waits. */
  streamBytes: number;
  rowsBytes: number;
  docsBytes: number;
  /** A reader that takes nothing for this long is closed. */
  stallMs: number;
}

export const DEFAULT_OUTBOX: OutboxLimits = {
  highWaterBytes: 256 << 10,
  controlBytes: 1 << 20,
  shardBytes: 1 << 20,
  streamBytes: 256 << 10,
  rowsBytes: 4 << 20,
  docsBytes: 4 << 20,
  stallMs: 30_000,
};

const LANES = ['control', 'shard', 'stream', 'rows', 'docs'] as const;
const BEHIND_SLOTS = ['shard', 'stream', 'rows', 'docs'] as const;
export type LaneName = (typeof LANES)[number];

export interface OutboxEvents {
  /** A lane that refused a message has room again. */
  room(lane: LaneName): void;
  /** The control lane is full, or the reader took nothing for `stallMs`. */
  overloaded(reason: string): void;
}

const NO_BYTES = new Uint8Array(0);

/** A place for one frame; a newer one replaces it while it is unsent. Its owner fills it, then puts it. */
export class Slot implements Parcel {
  bytes: Uint8Array = NO_BYTES;
  from = 0;
  to = 0;
  tag = -1;
  sentTag = -1;
  waits = false;
}

/** Runs `flush` of each outbox that asked, once, at the end of the turn: one timer for all sockets. */
export class Flusher {
  readonly #clock: Clock;
  #dirty: Outbox[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(outbox: Outbox): void {
    if (this.#dirty.length === 0) this.#clock.soon(() => this.#run());
    this.#dirty.push(outbox);
  }

  #run(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const outbox of dirty) outbox.flush();
  }
}

class Queue {
  readonly capBytes: number;
  messages: (string | Uint8Array)[] = [];
  bytes = 0;
  /** A message was refused since there last was room. */
  refused = false;

  constructor(capBytes: number) {
    this.capBytes = capBytes;
  }
}

export class Outbox {
  readonly #transport: Transport;
  readonly #limits: OutboxLimits;
  readonly #events: OutboxEvents;
  readonly #deps: { clock: Clock; flusher: Flusher };
  readonly #queues: Record<LaneName, Queue>;
  /** Those that wait. */
  readonly #slots: Slot[] = [];
  /** Messages in all lanes, and their bytes. */
  #messages = 0;
  #bytes = 0;
  /** A lane has refused a message since there last was room in it. */
  #refused = false;
  #scheduled = false;
  #stall: Cancel | undefined;
  #closed = false;

  constructor(
    deps: { clock: Clock; flusher: Flusher; transport: Transport },
    limits: OutboxLimits,
    events: OutboxEvents,
  ) {
    this.#transport = deps.transport;
    this.#deps = deps;
    this.#limits = limits;
    this.#events = events;
    this.#queues = {
      control: new Queue(limits.controlBytes),
      shard: new Queue(limits.shardBytes),
      stream: new Queue(limits.streamBytes),
      rows: new Queue(limits.rowsBytes),
      docs: new Queue(limits.docsBytes),
    };
  }

  /** Bytes that wait here, slots not counted. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * False: the lane is full and the message was dropped. A message larger than the whole cap passes an
   * empty lane, since it could never be sent otherwise. Text counts as one byte a character here.
   */
  send(lane: LaneName, message: string | Uint8Array): boolean {
    if (this.#closed) return true; // nobody is left to catch up
    const queue = this.#queues[lane];
    if (queue.bytes > 0 && queue.bytes + message.length > queue.capBytes) {
      queue.refused = true;
      this.#refused = true;
      if (lane === 'control') this.#events.overloaded('the control lane is full');
      return false;
    }
    queue.messages.push(message);
    this.#count(queue, 1, message.length);
    this.#schedule();
    return true;
  }

  /** A whole frame is in the slot; `tag` is remembered as sent when the socket has taken it. */
  put(slot: Slot, tag: number): void {
    if (this.#closed) return;
    slot.tag = tag;
    if (!slot.waits) this.#slots.push(slot);
    slot.waits = true;
    this.#schedule();
  }

  /** Forgets what waits in a lane. */
  clear(lane: LaneName): void {
    const queue = this.#queues[lane];
    this.#count(queue, -queue.messages.length, -queue.bytes);
    queue.messages = [];
  }

  /** Forgets an unsent frame of a channel that has closed. */
  drop(slot: Slot): void {
    if (!slot.waits) return;
    this.#slots.splice(this.#slots.indexOf(slot), 1);
    slot.waits = false;
  }

  /** Hands over what the socket can take. */
  flush(): void {
    this.#scheduled = false;
    if (this.#closed) return;
    // A cork costs more than it saves where one message leaves: a player's frame, turn for turn.
    const cork = this.#messages + this.#slots.length > 1;
    if (cork) this.#transport.cork();
    try {
      if (this.#messages > 0) this.#drain('control');
      this.#drainSlots();
      if (this.#messages > 0) for (const lane of BEHIND_SLOTS) this.#drain(lane);
    } finally {
      if (cork) this.#transport.uncork();
    }
    this.#watchStall();
    if (this.#refused) this.#tellRoom();
  }

  /** The socket has taken something. */
  progress(): void {
    this.#stall?.();
    this.#stall = undefined;
    this.flush();
  }

  close(): void {
    this.#closed = true;
    this.#stall?.();
    this.#slots.length = 0;
    for (const lane of LANES) this.clear(lane);
  }

  get #full(): boolean {
    return this.#transport.bufferedBytes >= this.#limits.highWaterBytes;
  }

  #drain(lane: LaneName): void {
    const queue = this.#queues[lane];
    let sent = 0;
    while (sent < queue.messages.length && !this.#full) {
      const message = queue.messages[sent++]!;
      this.#count(queue, -1, -message.length);
      this.#transport.send(message);
    }
    if (sent > 0) queue.messages.splice(0, sent);
  }

  #drainSlots(): void {
    let sent = 0;
    while (sent < this.#slots.length && !this.#full) {
      const slot = this.#slots[sent++]!;
      slot.waits = false;
      this.#transport.sendParcel(slot);
      slot.sentTag = slot.tag;
      slot.bytes = NO_BYTES;
    }
    if (sent === this.#slots.length) this.#slots.length = 0;
    else this.#slots.splice(0, sent);
  }

  #count(queue: Queue, messages: number, bytes: number): void {
    queue.bytes += bytes;
    this.#bytes += bytes;
    this.#messages += messages;
  }

  #tellRoom(): void {
    this.#refused = false;
    for (const lane of LANES) {
      const queue = this.#queues[lane];
      if (!queue.refused) continue;
      queue.refused = queue.bytes > queue.capBytes / 2;
      if (queue.refused) this.#refused = true;
      else this.#events.room(lane);
    }
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#deps.flusher.add(this);
  }

  #watchStall(): void {
    const waiting = this.#messages + this.#slots.length > 0;
    if (!waiting) {
      this.#stall?.();
      this.#stall = undefined;
    } else {
      this.#stall ??= this.#deps.clock.after(this.#limits.stallMs, () => {
        this.#stall = undefined;
        this.#events.overloaded(`took nothing for ${this.#limits.stallMs} ms`);
      });
    }
  }
}
