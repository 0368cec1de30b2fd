/** An Env whose time and chance belong to the test. */
import { type Env, type Log, silentLog } from '../base/env.ts';
import { SimClock } from './sim-clock.ts';
import { SimRandom } from './sim-random.ts';

export interface SimEnv extends Env {
  readonly clock: SimClock;
  readonly random: SimRandom;
}

export function simEnv(seed = 1, log: Log = silentLog): SimEnv {
  return { clock: new SimClock(), random: new SimRandom(seed), log };
}
