/**
 * The watched queries of one session: asked for, dropped, and told of, all in one message for each moment. [Q2]
 * A slow reader is told nothing until there is room, and then what differs from what he has: no queue, only the
 * last answer that each query sent, which is shared. [S10]
 */
import { Fault, toFault } from '../base/fault.ts';
import { canonicalJson, type Json } from '../base/json.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { ServerMessage } from '../protocol/server-message.ts';
import type { QueryWatch } from './query-watch.ts';
import type { RowSink } from './replica.ts';
import type { Answer, Subscriber, WatchOwner } from './watch.ts';

export interface WatchSinks {
  /** The rows lane. */
  readonly rows: Pick<RowSink, 'send'>;
  send(message: ServerMessage): void;
}

export class WatchSession implements WatchOwner {
  readonly #queries: QueryWatch;
  readonly #sinks: WatchSinks;
  readonly #subscribers = new Map<number, Subscriber>();
  #viewer: Viewer;
  #isBlocked = false;

  constructor(queries: QueryWatch, sinks: WatchSinks, viewer: Viewer) {
    this.#queries = queries;
    this.#sinks = sinks;
    this.#viewer = viewer;
  }

  get viewer(): Viewer {
    return this.#viewer;
  }

  /** Answered by `answer`, or by `dropped` if it may not be. Throws `bad_message` for a number in use. */
  watch(id: number, fn: string, args: Json): void {
    if (this.#subscribers.has(id)) throw new Fault('bad_message', `${id} is watched already`);
    const { perSession } = this.#queries.limits;
    if (this.#subscribers.size >= perSession)
      return this.#dropped(id, new Fault('overloaded', `more than ${perSession} watched queries`));
    const key = canonicalJson([fn, args]);
    this.#begin({ session: this, id, fn, args, key });
  }

  /** Nothing more of it is sent. Does nothing for a number that is not in use. */
  unsubscribe(id: number): void {
    const subscriber = this.#subscribers.get(id);
    if (!subscriber) return;
    this.#subscribers.delete(id);
    this.#queries.leave(subscriber);
  }

  /** Another identity: all is asked and answered anew. [S8] */
  setViewer(viewer: Viewer): void {
    this.#viewer = viewer;
    const former = [...this.#subscribers.values()];
    for (const subscriber of former) this.#queries.leave(subscriber);
    for (const { session, id, fn, args, key } of former) this.#begin({ session, id, fn, args, key });
  }

  /** Sends what is new; all of it is of the moment `to`. */
  tell(to: number): void {
    if (this.#isBlocked) return;
    const told: { subscriber: Subscriber; answer: Answer }[] = [];
    let entries = '';
    const { maxAnswer } = this.#queries.limits;
    for (const subscriber of [...this.#subscribers.values()]) {
      const answer = subscriber.watch?.answer;
      if (!answer || answer === subscriber.sent) continue;
      const entry = `{"id":${subscriber.id},${answer.textFor(subscriber.sent)}}`;
      if (entries.length + entry.length > maxAnswer) {
        const fault = new Fault('too_large', `watched queries of more than ${maxAnswer} characters in all`);
        this.drop(subscriber, fault);
        continue;
      }
      entries += entries === '' ? entry : `,${entry}`;
      told.push({ subscriber, answer });
    }
    if (told.length === 0) return;
    this.#isBlocked = !this.#sinks.rows.send(`{"t":"answer","to":${to},"answers":[${entries}]}`);
    if (this.#isBlocked) return;
    for (const { subscriber, answer } of told) subscriber.sent = answer;
  }

  /** The rows lane has room again. */
  drained(): void {
    if (!this.#isBlocked) return;
    this.#isBlocked = false;
    this.#queries.owes(this);
  }

  /** Ends one, and says why. */
  drop(subscriber: Subscriber, fault: Fault): void {
    if (this.#subscribers.get(subscriber.id) !== subscriber) return;
    this.unsubscribe(subscriber.id);
    this.#dropped(subscriber.id, fault);
  }

  close(): void {
    for (const id of [...this.#subscribers.keys()]) this.unsubscribe(id);
  }

  #begin(asked: Pick<Subscriber, 'session' | 'id' | 'fn' | 'args' | 'key'>): void {
    const { fn, args, id } = asked;
    const subscriber: Subscriber = { ...asked, query: undefined, watch: undefined, sent: undefined };
    this.#subscribers.set(id, subscriber);
    this.#queries.prepare({ fn, args }, this.#viewer).then(
      (query) => {
        if (this.#subscribers.get(id) !== subscriber) return;
        subscriber.query = query;
        this.#queries.join(subscriber);
      },
      (error) => this.drop(subscriber, toFault(error)),
    );
  }

  #dropped(id: number, fault: Fault): void {
    this.#sinks.send({ t: 'dropped', id, error: fault.toJSON() });
  }
}
