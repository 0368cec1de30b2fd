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
  #text: string | undefined;
  /** By what the client has. */
  readonly #patches = new WeakMap<Answer, string>();

  constructor(outcome: Run['outcome']) {
    this.#outcome = outcome;
  }

  get fault(): Fault | undefined {
    return 'fault' in this.#outcome ? this.#outcome.fault : undefined;
  }

  get value(): Json | undefined {
    return 'value' in this.#outcome ? this.#outcome.value : undefined;
  }

  equals(outcome: Run['outcome']): boolean {
    const own = this.#outcome;
    if ('fault' in own || 'fault' in outcome)
      return (
        'fault' in own &&
        'fault' in outcome &&
        jsonEquals({ ...own.fault.toJSON() }, { ...outcome.fault.toJSON() })
      );
    return own.text === outcome.text || jsonEquals(own.value, outcome.value);
  }

  /** The members of an entry of `answer` behind its id, for a client that has `sent`; encoded once for all. */
  textFor(sent: Answer | undefined): string {
    const outcome = this.#outcome;
    if ('fault' in outcome) {
      this.#text ??= `"error":${JSON.stringify(outcome.fault.toJSON())}`;
      return this.#text;
    }
    const before = sent?.value;
    if (!sent || before === undefined) {
      this.#text ??= `"value":${outcome.text}`;
      return this.#text;
    }
    let text = this.#patches.get(sent);
    if (text === undefined) {
      const patch = diff(before, outcome.value) ?? { v: outcome.value };
      text = 'v' in patch ? `"value":${outcome.text}` : `"patch":${JSON.stringify(patch)}`;
      this.#patches.set(sent, text);
    }
    return text;
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
