/** How much one channel may push: updates and bytes per second. An import costs the server's own thread. [D3] */
import type { Clock } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import { RateLimit } from '../../src/base/rate-limit.ts';

export interface PushRateOptions {
  /** Pushes of one channel per second, and at once; more are refused as `rate_limited`, to be sent later. */
  pushesPerSecond: number;
  /** Bytes of pushes of one channel per second; more are refused as `rate_limited`. At once: no less than one push. */
  pushBytesPerSecond: number;
}

export class PushRate {
  readonly #pushes: RateLimit;
  readonly #bytes: RateLimit;

  constructor(clock: Clock, options: PushRateOptions & { readonly maxUpdateBytes: number }) {
    const { pushesPerSecond, pushBytesPerSecond, maxUpdateBytes } = options;
    this.#pushes = new RateLimit(clock, { perSecond: pushesPerSecond, burst: pushesPerSecond });
    const burst = Math.max(pushBytesPerSecond, maxUpdateBytes);
    this.#bytes = new RateLimit(clock, { perSecond: pushBytesPerSecond, burst });
  }

  /** Throws `rate_limited`. */
  take(sizeBytes: number): void {
    if (this.#pushes.take() && this.#bytes.take(sizeBytes)) return;
    throw new Fault('rate_limited', 'too many updates at once');
  }
}
