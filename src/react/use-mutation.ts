/** A mutation as a button needs it: start it, see whether it runs, and what went wrong the last time. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { type Fault, toFault } from '../base/fault.ts';
import type { FunctionRef } from '../schema/app-shape.ts';
import { useEngine } from './provider.ts';

export interface MutationHandle<Args, Result> {
  /** Starts it; an error is in `error`. */
  readonly mutate: (args: Args) => void;
  /** Starts it; an error is in `error` and rejects the promise. */
  readonly mutateAsync: (args: Args) => Promise<Result>;
  /** Calls of this component are on their way. */
  readonly pending: boolean;
  /** Of the call that ended last, until the next is started or `reset`. */
  readonly error: Fault | undefined;
  /** Forgets the error. Calls that run go on. */
  readonly reset: () => void;
}

/** `mutate`, `mutateAsync` and `reset` stay the same functions as long as engine and reference do. */
export function useMutation<Args, Result>(fn: FunctionRef<Args, Result>): MutationHandle<Args, Result> {
  const engine = useEngine();
  const [state, setState] = useState<{ running: number; error: Fault | undefined }>({
    running: 0,
    error: undefined,
  });
  const mounted = useRef(false);
  useEffect(() => {
    mounted.current = true;
    return () => {
      mounted.current = false;
    };
  }, []);
  const mutateAsync = useCallback(
    async (args: Args): Promise<Result> => {
      const end = (error: Fault | undefined) => {
        if (mounted.current) setState(({ running }) => ({ running: running - 1, error }));
      };
      setState(({ running }) => ({ running: running + 1, error: undefined }));
      try {
        const result = await engine.call(fn, args);
        end(undefined);
        return result;
      } catch (error) {
        end(toFault(error));
        throw error;
      }
    },
    [engine, fn],
  );
  const mutate = useCallback((args: Args) => void mutateAsync(args).catch(() => {}), [mutateAsync]);
  const reset = useCallback(
    () => setState((state) => (state.error ? { ...state, error: undefined } : state)),
    [],
  );
  return { mutate, mutateAsync, reset, pending: state.running > 0, error: state.error };
}
