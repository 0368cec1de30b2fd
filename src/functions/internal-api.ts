/** References to an app's internal functions, for `ctx.scheduler`, `ctx.runQuery` and `ctx.runMutation`. */
import type { FunctionTree, InternalApi } from '../schema/app-shape.ts';
import { functionRefs } from '../schema/function-refs.ts';

/**
 * `createInternalApi<typeof functions>().notes.remind` names `notes.remind`. The modules of `functions` are
 * needed as types alone, so the module of a function may refer to itself and to those that import it.
 */
export function createInternalApi<F extends FunctionTree>(): InternalApi<F> {
  return functionRefs({ internal: true }) as InternalApi<F>;
}
