/** `ternion/testing`: the whole system under a simulated clock, links and chance. Node; `simulate` needs vitest. */
export { LinkLane, type LinkQuality } from './link-lane.ts';
export { LinkProxy, type LinkProxyOptions } from './link-proxy.ts';
export { simAuth, simViewer } from './sim-auth.ts';
export { SimClient } from './sim-client.ts';
export { SimClock } from './sim-clock.ts';
export { type SimEnv, simEnv } from './sim-env.ts';
export { SimLink } from './sim-link.ts';
export { SimProcess } from './sim-process.ts';
export { SimRandom } from './sim-random.ts';
export { simulate } from './simulate.ts';
export { TempDatabase } from './temp-database.ts';
export { World, type WorldOptions } from './world.ts';
