/**
 * All that was ever true, for a simulation to compare with: the rows after each transaction, put together from
 * the changes alone, without SQL and without policies.
 */
import type { App } from 'ternion/server';
import type { World } from 'ternion/testing';

export type Rows = ReadonlyMap<string, ReadonlyMap<string, Record<string, unknown>>>;

type Commit = Parameters<Parameters<World['host']['store']['onCommit']>[0]>[0][number];

export class History<A extends App> {
  readonly #world: World<A>;
  /** By seq. */
  readonly #states: Rows[] = [new Map()];

  constructor(world: World<A>) {
    this.#world = world;
  }

  /** The last transaction that is known of. */
  get seq(): number {
    return this.#states.length - 1;
  }

  /** The rows right after the transaction `seq`. */
  at(seq: number): Rows {
    const state = this.#states[seq];
    if (!state) throw new Error(`nothing is known of transaction ${seq}`);
    return state;
  }

  /** The transaction that made this row. */
  birth(entity: string, id: string): number {
    return this.#states.findIndex((state) => state.get(entity)?.has(id));
  }

  /** How often this row was deleted, up to transaction `seq`. */
  deletions(entity: string, id: string, seq: number = this.seq): number {
    const states = this.#states.slice(0, seq + 1);
    const there = states.map((state) => state.get(entity)?.has(id) ?? false);
    return there.filter((is, seq) => !is && there[seq - 1]).length;
  }

  /** Follows a server from its start on; first it reads what the last one committed and told nobody. */
  async follow(): Promise<void> {
    const { store } = this.#world.host;
    store.onCommit((commits) => this.#add(commits));
    const missed = store.read((snapshot) => snapshot.since(Math.max(this.seq, store.horizon), 1000));
    this.#add(await this.#world.env.clock.run(missed));
  }

  #add(commits: readonly Commit[]): void {
    for (const { seq, changes } of commits) {
      if (seq <= this.seq) continue;
      if (seq !== this.seq + 1) throw new Error(`transaction ${seq} follows ${this.seq}`);
      const next = new Map(this.at(this.seq));
      for (const { entity, id, after } of changes) {
        const table = new Map(next.get(entity));
        if (after) table.set(id, after);
        else table.delete(id);
        next.set(entity, table);
      }
      this.#states.push(next);
    }
  }
}
