/**
 * Who may be in one room: asked when somebody joins, and again when the row or other rows that decide change,
 * or an identity. [P3] [P4] Made by room-book.ts for each room; asked by room.ts.
 */
import { Fault } from '../base/fault.ts';
import type { JsonObject } from '../base/json.ts';
import { compileAuth } from '../functions/auth-rule.ts';
import type { Services } from '../plugin/services.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { Change } from '../store/transaction.ts';

export interface Door {
  /** What one is told who may not, or not any more. */
  refusal(): Fault;
  /** For each viewer whether he may be there, all at one moment. */
  ask(viewers: readonly Viewer[]): Promise<boolean[]>;
  /** The answer where it takes no reading; undefined where it does. */
  known(viewer: Viewer): boolean | undefined;
  /** True: these may have changed the answer of some viewers. */
  turnedBy(changes: readonly Change[]): boolean;
}

/** Open to kinds of identity. */
export function kindDoor(join: 'user' | 'guest' | 'public'): Door {
  const rule = compileAuth(join, null);
  const known = (viewer: Viewer) => {
    try {
      rule.ask(viewer, null, 0);
      return true;
    } catch {
      return false;
    }
  };
  return {
    refusal: () => new Fault('unauthorized', join === 'user' ? 'sign in' : 'sign in, at least as a guest'),
    ask: async (viewers) => viewers.map(known),
    known,
    turnedBy: () => false,
  };
}

/** Open to those who may read a row. */
export class RowDoor implements Door {
  readonly #services: Services;
  readonly #entity: string;
  readonly #id: string;
  /** Entities whose rows decide too; where there are some, an answer takes reading. */
  readonly #deciding: ReadonlySet<string>;
  /** Undefined before it was read. */
  #row: JsonObject | null | undefined;
  /** How often the row has changed. */
  #turns = 0;

  constructor(services: Services, { entity, id }: { entity: string; id: string }) {
    this.#services = services;
    this.#entity = entity;
    this.#id = id;
    this.#deciding = decidingAbout(entity, services);
  }

  /** As for a row that is not there: he who may not read it learns nothing. */
  refusal(): Fault {
    return new Fault('not_found', `no room of ${this.#entity} ${this.#id}`);
  }

  async ask(viewers: readonly Viewer[]): Promise<boolean[]> {
    const { store, access } = this.#services;
    const turns = this.#turns;
    return store.read(async (snapshot) => {
      const data = await snapshot.get(this.#entity, this.#id);
      if (turns === this.#turns) this.#row = data;
      if (!data) return viewers.map(() => false);
      const questions = viewers.map(
        (viewer) => ({ action: 'read', entity: this.#entity, viewer, data }) as const,
      );
      return Promise.all(questions.map((question) => access.decide(question, snapshot)));
    });
  }

  known(viewer: Viewer): boolean | undefined {
    if (this.#row === null) return false;
    if (this.#row === undefined || this.#deciding.size > 0) return undefined;
    return this.#services.access.may('read', this.#entity, viewer, { data: this.#row });
  }

  turnedBy(changes: readonly Change[]): boolean {
    let turned = false;
    for (const change of changes) {
      if (change.entity === this.#entity && change.id === this.#id) {
        this.#row = change.after;
        this.#turns++;
        turned = true;
      }
      turned ||= this.#row === undefined || (this.#row !== null && this.#reaches(change, this.#row));
    }
    return turned;
  }

  /** Whether another row's change may turn who may read this one. */
  #reaches(change: Change, data: JsonObject): boolean {
    if (!this.#deciding.has(change.entity)) return false;
    return this.#services.access.turns(change.entity, change, { entity: this.#entity, data });
  }
}

/** Entities whose rows decide who may read those of `entity`, beside these themselves. */
export function decidingAbout(entity: string, { access }: Services): Set<string> {
  return new Set(access.dependencies('read', entity).map((dependency) => dependency.entity));
}
