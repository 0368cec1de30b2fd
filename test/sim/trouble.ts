/** What befalls pages and servers of the row simulations. */

import type { App } from 'ternion/server';
import type { SimClient, World } from 'ternion/testing';

/** One of the troubles of real life, or none. `World.settle` ends them all. */
export async function trouble<A extends App>(world: World<A>, client: SimClient<A>): Promise<void> {
  const { random } = world.env;
  const pick = random.int(9);
  if (pick === 0) client.drop();
  else if (pick === 1) client.setOnline(random.chance(0.5));
  else if (pick === 2) client.pause(random.chance(0.6));
  else if (pick === 3) client.crash(1 + random.int(4));
  else if (pick === 4 && client.crashed) await client.reload();
  else if (pick === 5 && !world.up) await world.start();
  else if (pick === 6 && random.chance(0.5)) world.killAtStatement(1 + random.int(40));
  else if (pick === 7 && world.up && random.chance(0.3))
    world.host.store.trim(world.host.store.seq - random.int(5)).catch(() => {});
  else if (pick === 8 && random.chance(0.2)) world.kill();
}
