/** What happened in one simulated world: who made what, what was called durable, who had which right when. */
import type { World } from 'ternion/testing';
import { History } from '../history.ts';
import { type DocName, type DocsApp, rightOf } from './app.ts';
import { type Taken, watchOf } from './watch.ts';

export interface Made {
  readonly name: DocName;
  /** How often the row had been deleted by then. */
  readonly life: number;
  /** `field token`, all places of this edit. */
  readonly put: readonly string[];
  readonly user: string | null;
  readonly peer: string;
}

export class Story {
  readonly world: World<DocsApp>;
  readonly history: History<DocsApp>;
  readonly edits: Made[] = [];
  /** `id field token`: struck out by somebody, perhaps by somebody whose page died before it could say so. */
  readonly struck = new Set<string>();
  readonly #owed = new Set<Made>();
  readonly #taken: Taken[][] = [];
  #tokens = 0;

  constructor(world: World<DocsApp>) {
    this.world = world;
    this.history = new History(world);
  }

  /** Follows a server from its start on. */
  async follow(): Promise<void> {
    this.#taken.push(watchOf(this.world).taken);
    await this.history.follow();
  }

  token(): string {
    return `t${++this.#tokens}`;
  }

  made(made: Made): void {
    this.edits.push(made);
  }

  /** This edit must never be lost. */
  owe(edit: Made): void {
    this.#owed.add(edit);
  }

  /** Which life of the row this is: deletions so far. */
  life({ entity, id }: DocName): number {
    return this.history.deletions(entity, id);
  }

  /** `field token` of a document's present life that must be there, but for those that somebody struck. */
  owed(name: DocName): string[] {
    const life = this.life(name);
    return [...this.#owed]
      .filter((edit) => edit.name === name && edit.life === life)
      .flatMap(({ put }) => put)
      .filter((place) => !this.struck.has(`${name.id} ${place}`));
  }

  /** Pushes that a document took of somebody who might not edit it then. [D5] */
  trespasses(): Taken[] {
    return this.#taken
      .flat()
      .filter((push) => rightOf(push.user, push, this.history.at(push.seq)) !== 'write');
  }

  right(user: string | null, name: DocName): ReturnType<typeof rightOf> {
    return rightOf(user, name, this.history.at(this.history.seq));
  }
}
