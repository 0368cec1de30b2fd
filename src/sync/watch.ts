/**
 * One watched query under one identity, or under any when its result is the same for all: what it answers, what
 * it has read, and who is to be told. Kept by QueryWatch; every run replaces its answer and its reads. [Q1]
 */
import type { Fault } from '../base/fault.ts';
import { type Json, jsonEquals } from '../base/json.ts';
import type { RowRead } from '../functions/read-set.ts';
import type { PreparedQuery, Run } from '../functions/watched-queries.ts';
import type { Viewer } from '../policy/viewer.ts';
import { diff } from '../protocol/json-patch.ts';
import { matches } from '../schema/match.ts';
import type { Commit } from '../store/change-log.ts';

/** What is told of the watched queries of one client. */
export interface WatchOwner {
  readonly viewer: Viewer;
  /** Sends what is new; all of it is of the moment `to`. */
  tell(to: number): void;
  /** Ends one, and says why. */
  drop(subscriber: Subscriber, fault: Fault): void;
}

/** One watched query of one client. */
export interface Subscriber {
  readonly session: WatchOwner;
  readonly id: number;
  readonly fn: string;
  readonly args: Json;
  /** Equal for equal functions and arguments. */
  readonly key: string;
  /** Undefined until it is known that the viewer may. */
  query: PreparedQuery | undefined;
  watch: Watch | undefined;
  /** What the client has. */
  sent: Answer | undefined;
}

/** What a query said at some moment; never changed, so that many may keep it. */
export class Answer {
  readonly #outcome: Run['outcome'];
  #value: Json | undefined;
  /** By what the client has. */
  readonly #patches = new WeakMap<Answer, string>();

  constructor(outcome: Run['outcome']) {
    this.#outcome = outcome;
  }

  get fault(): Fault | undefined {
    return 'fault' in this.#outcome ? this.#outcome.fault : undefined;
  }

  /** Undefined for a fault. */
  get value(): Json | undefined {
    if ('text' in this.#outcome) this.#value ??= JSON.parse(this.#outcome.text) as Json;
    return this.#value;
  }

  equals(other: Answer): boolean {
    if (this.fault || other.fault)
      return JSON.stringify(this.fault?.toJSON()) === JSON.stringify(other.fault?.toJSON());
    return this.#textOf() === other.#textOf() || jsonEquals(this.value, other.value);
  }

  /** The members of an entry of `answer` behind its id, for a client that has `sent`; encoded once for all. */
  textFor(sent: Answer | undefined): string {
    const { fault } = this;
    if (fault) return `"error":${JSON.stringify(fault.toJSON())}`;
    const whole = `"value":${this.#textOf()}`;
    const [before, after] = [sent?.value, this.value];
    if (!sent || before === undefined || after === undefined) return whole;
    let text = this.#patches.get(sent);
    if (text === undefined) {
      const patch = diff(before, after);
      text = !patch || 'v' in patch ? whole : `"patch":${JSON.stringify(patch)}`;
      this.#patches.set(sent, text);
    }
    return text;
  }

  #textOf(): string {
    return 'text' in this.#outcome ? this.#outcome.text : '';
  }
}

export class Watch {
  /** Of the function and its arguments. */
  readonly key: string;
  readonly query: PreparedQuery;
  readonly viewer: Viewer;
  readonly subscribers = new Set<Subscriber>();
  /** What its last run has read, in the index. */
  reads: readonly WatchRead[] = [];
  /** Of the last finished round. */
  answer: Answer | undefined;
  /** The first commit since its last run that touched what it read; -1: it has not run. */
  touchedAt: number | undefined = -1;
  /** Runs in a row that went over a limit. */
  overruns = 0;

  constructor({ key, query, session }: Subscriber) {
    this.key = key;
    this.query = query!;
    this.viewer = session.viewer;
  }
}

/** A read, as the index knows it. */
export interface WatchRead extends RowRead {
  readonly watch: Watch;
}

/** Whether a commit touched one of these. */
export function touches(reads: readonly WatchRead[], { changes }: Commit): boolean {
  return changes.some(({ entity, before, after }) =>
    [before, after].some(
      (row) =>
        row &&
        reads.some(
          ({ condition, holds }) =>
            condition.entity === entity && matches(condition, row) && (!holds || holds(row)),
        ),
    ),
  );
}
