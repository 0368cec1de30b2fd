/**
 * Sends the edits of one LoroDoc: the first one at the end of its turn, those right behind it together, a bounded
 * number of pushes at once, and again what was refused for a reason that passes. Made by shared-doc.ts; what is
 * where is in its outbox.
 */
import { backoffMs } from '../../src/base/backoff.ts';
import { CODES } from '../../src/base/codes.ts';
import type { Cancel, Env } from '../../src/base/env.ts';
import type { Fault } from '../../src/base/fault.ts';
import type { Versions } from '../core/versions.ts';
import { DocOutbox } from './doc-outbox.ts';
import type { DocReplica } from './doc-replica.ts';
import type { DocOptions } from './options.ts';

export interface PushLine {
  /** Whether pushes are welcome now; a `rewind` comes when they are again. */
  isOpen(): boolean;
  /** Pushes of one channel have growing numbers. */
  nextPush(): number;
  /** False: not sent. */
  push(n: number, bytes: Uint8Array): boolean;
  /** Asks for what the server has; `rewind` follows. */
  resync(): void;
}

export class DocPusher {
  readonly outbox: DocOutbox;
  readonly #env: Env;
  readonly #replica: DocReplica;
  readonly #line: PushLine;
  readonly #options: DocOptions;
  #lastMs = Number.NEGATIVE_INFINITY;
  #timer: Cancel | undefined;
  #retryTimer: Cancel | undefined;
  #refusals = 0;

  constructor(env: Env, deps: { replica: DocReplica; line: PushLine }, options: DocOptions) {
    this.#env = env;
    this.#replica = deps.replica;
    this.#line = deps.line;
    this.#options = options;
    this.outbox = new DocOutbox(deps.replica, options.maxPushBytes);
  }

  /** There is something to send. */
  plan(): void {
    if (this.#timer) return;
    const { clock } = this.#env;
    const waitMs = this.#lastMs + this.#options.batchMs - clock.monotonic();
    this.#timer = clock.after(Math.max(0, waitMs), () => this.flush());
  }

  /** Sends without waiting for the batch. */
  flush(): void {
    this.#timer?.();
    this.#timer = undefined;
    if (this.#replica.isDead) return;
    this.#replica.doc.commit();
    if (!this.#line.isOpen()) return;
    while (this.outbox.inFlight < this.#options.maxInFlight) {
      const n = this.#line.nextPush();
      const bytes = this.outbox.take(n);
      if (!bytes) return;
      this.#lastMs = this.#env.clock.monotonic();
      if (!this.#line.push(n, bytes)) return; // the next join sends it again
    }
  }

  rewind(versions: Versions): void {
    this.outbox.rewind(versions);
  }

  /** All pushes up to `n` are durable. */
  settle(n: number): void {
    this.#refusals = 0;
    this.outbox.settle(n);
    this.plan();
  }

  /** False: the edits are unwelcome for good. */
  refused(fault: Fault): boolean {
    const { retry } = CODES[fault.code];
    if (retry === 'never' || retry === 'after_auth') return false;
    const at = retry === 'now' ? this.#refusals++ : Math.max(1, this.#refusals++);
    this.#retryTimer?.();
    this.#retryTimer = undefined;
    if (at === 0) {
      this.#line.resync();
      return true;
    }
    const delayMs = backoffMs(at, this.#env.random, this.#options.retry);
    this.#retryTimer = this.#env.clock.after(delayMs, () => this.#line.resync());
    return true;
  }

  close(): void {
    this.#timer?.();
    this.#retryTimer?.();
    this.#timer = this.#retryTimer = undefined;
  }
}
