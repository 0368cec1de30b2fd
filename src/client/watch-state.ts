/** What a watched query function is known to answer, and who says so: the engine, for the hooks. */
import type { Cancel } from '../base/env.ts';
import type { Fault } from '../base/fault.ts';
import type { FunctionRef } from '../schema/app-shape.ts';

/** `complete` false: shown from before a loss of connection. */
export type WatchState<R> =
  | { readonly name: 'pending' }
  | { readonly name: 'value'; readonly value: R; readonly complete: boolean }
  | { readonly name: 'error'; readonly fault: Fault; readonly value?: R };

export interface Watcher {
  /** Equal functions and arguments share one watch; unchanged parts of a value keep their identity. */
  watch<Args, Result>(
    fn: FunctionRef<Args, Result>,
    args: Args,
    listener: (state: WatchState<Result>) => void,
  ): Cancel;
}
