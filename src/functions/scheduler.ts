/** `ctx.scheduler` as handlers see it. schedule.ts makes it. */
import type { Json } from '../base/json.ts';
import type { FunctionType, InternalRef } from '../schema/app-shape.ts';
import type { Delay } from './delay.ts';

/** What can be scheduled: an internal mutation or action, by definition or by reference. */
export type Schedulable<Args> =
  | (FunctionType<Args, unknown> & { readonly kind: 'mutation' | 'action'; readonly internal: true })
  | InternalRef<'mutation' | 'action', Args, unknown>;

/**
 * Each method throws `invalid` for what cannot be scheduled, be it function, arguments or time, `not_found` for
 * no function of the app, `too_large` and `overloaded` over the limits of `JobLimits`.
 */
export interface Scheduler {
  /** Returns the job's id. It runs under the identity of this call, once the delay is over. */
  runAfter<Args>(delay: Delay, fn: Schedulable<Args>, args: Args): Promise<string>;
  runAfter(delay: Delay, name: string, args: Json): Promise<string>;
  /** `dueMs`: since 1970. A time that has passed means at once. */
  runAt<Args>(dueMs: number, fn: Schedulable<Args>, args: Args): Promise<string>;
  runAt(dueMs: number, name: string, args: Json): Promise<string>;
  /** True when the job had not begun, and now never will. */
  cancel(jobId: string): Promise<boolean>;
}
