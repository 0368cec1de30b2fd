/**
 * An end for queries and actions. The work's signal is aborted when the caller gives up, and at the
 * deadline; at the deadline the call fails too, whatever the work does then. Mutations have the deadline of
 * the store's writer.
 */
import { deferred } from '../base/deferred.ts';
import type { Clock } from '../base/env.ts';
import { Fault } from '../base/fault.ts';

export interface DeadlineOptions {
  readonly ms: number;
  /** Names the work in the message. */
  readonly what: string;
  /** Aborted when nobody waits for the result any more. */
  readonly signal: AbortSignal | undefined;
}

/** Rejects with `timeout` or `cancelled`, or as the work does. The signal's reason is such a Fault. */
export async function withDeadline<T>(
  clock: Clock,
  { ms, what, signal }: DeadlineOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  const giveUp = () => own.abort(new Fault('cancelled', `${what}: the call was given up`));
  if (signal?.aborted) giveUp();
  own.signal.throwIfAborted();
  signal?.addEventListener('abort', giveUp, { once: true });
  const { promise, resolve, reject } = deferred<T>();
  const cancel = clock.after(ms, () => {
    const fault = new Fault('timeout', `${what} took longer than ${ms} ms`);
    own.abort(fault);
    reject(fault);
  });
  try {
    work(own.signal).then(resolve, reject);
    return await promise;
  } catch (error) {
    // What the abort broke (a fetch, a stream) is no bug.
    if (own.signal.aborted && !(error instanceof Fault)) throw own.signal.reason;
    throw error;
  } finally {
    cancel();
    signal?.removeEventListener('abort', giveUp);
  }
}
