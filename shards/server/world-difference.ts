/** What differs between a world as it was and as it was computed again, in words for people. Used for replays. */
import type { AnyShardDef } from '../core/define-shard.ts';
import { WorldColumns } from '../core/world-columns.ts';
import type { WorldCopy } from '../core/world-copy.ts';

/** The first differences; none when the worlds are equal. */
export function worldDifferences(def: AnyShardDef, was: WorldCopy, is: WorldCopy, max = 10): string[] {
  const found: string[] = [];
  if (was.tick !== is.tick) found.push(`the tick was ${was.tick} and is ${is.tick}`);
  const before = worldOf(def, was);
  const now = worldOf(def, is);
  for (const id of new Set([...was.ids, ...is.ids].sort((a, b) => a - b))) {
    const [a, b] = [before.get(id), now.get(id)];
    if (!a || !b) found.push(`entity ${id} ${a ? 'was there and is not' : 'was not there and is'}`);
    else {
      for (const name of def.entityType.names) {
        const [old, fresh] = [JSON.stringify(a[name]), JSON.stringify(b[name])];
        if (old !== fresh) found.push(`entity ${id}: ${name} was ${old} and is ${fresh}`);
      }
    }
    if (found.length >= max) return found.slice(0, max);
  }
  if (found.length > 0) return found;
  if (was.lastId !== is.lastId) return [`the newest id was ${was.lastId} and is ${is.lastId}`];
  if (was.chance.join() !== is.chance.join()) return ['`random` was drawn from more often, or less'];
  return [];
}

function worldOf(def: AnyShardDef, copy: WorldCopy) {
  const options = { seed: '', stepSeed: '', maxEntities: copy.ids.length, emit: () => {} };
  const world = new WorldColumns(def.entityType, options);
  world.restore(copy);
  return world;
}
