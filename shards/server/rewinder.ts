/**
 * A shard's past: recorded by shard.ts in the turn of each tick, behind `tick`, and asked by the definition's
 * functions through `world.rewind`. There is none unless the definition says `rewind`.
 */
import type { Components } from '../core/component.ts';
import type { Player } from '../core/player.ts';
import type { Rewound } from '../core/rewind.ts';
import type { RewindPlan } from '../core/rewind-plan.ts';
import { History } from './history.ts';
import { Moment } from './moment.ts';
import type { AnyWorld } from './private-rows.ts';
import { PastWorld } from './rewound.ts';
import type { Sighting } from './sighting.ts';

/** Who may ask for what he saw: a seat. */
interface Seer {
  readonly entityId: number;
  readonly sighting: Sighting;
}

export class Rewinder {
  readonly history: History;
  readonly #moment: Moment;
  readonly #seats: Iterable<Seer>;

  constructor(plan: RewindPlan, world: AnyWorld, seats: Iterable<Seer>) {
    this.history = new History(plan, world);
    this.#moment = new Moment(this.history);
    this.#seats = seats;
  }

  /** The tick is computed. */
  record(): void {
    this.history.record();
  }

  rewind(player: Player | number): Rewound<Components> {
    const own = typeof player === 'number' ? player : player.entityId;
    const { history } = this;
    const seen = this.#seatOf(own)?.sighting.seen(history.newest) ?? history.newest;
    return new PastWorld(this.#moment, history.clamp(seen), own);
  }

  #seatOf(entity: number): Seer | undefined {
    if (entity === 0) return undefined;
    for (const seat of this.#seats) if (seat.entityId === entity) return seat;
    return undefined;
  }
}
