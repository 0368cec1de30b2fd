/** What a watched query function is known to answer, and who says so: the engine, for the hooks. */
import type { Cancel } from '../base/env.ts';
import type { Fault } from '../base/fault.ts';
import type { FunctionRef } from '../schema/app-shape.ts';

export type WatchState<Result> =
  | { readonly name: 'pending' }
  /** `complete` false: from before the connection was lost. What did not change is the same object as before. */
  | { readonly name: 'value'; readonly value: Result; readonly complete: boolean }
  /** With the last value, if there was one. */
  | { readonly name: 'error'; readonly fault: Fault; readonly value?: Result };

export interface Watcher {
  /** Equal functions and arguments share one watch; unchanged parts of a value keep their identity. */
  watch<Args, Result>(
    fn: FunctionRef<Args, Result>,
    args: Args,
    listener: (state: WatchState<Result>) => void,
  ): Cancel;
}
