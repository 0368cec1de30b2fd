/**
 * The history of a document, asked of the server: it is not on this device, and not to be had offline. One for each
 * shared document, which passes on what the server tells.
 */
import { isCode } from '../../src/base/codes.ts';
import { type Deferred, deferred } from '../../src/base/deferred.ts';
import { Fault } from '../../src/base/fault.ts';
import type { Json, JsonObject } from '../../src/base/json.ts';
import { parseShape, type Shape, s } from '../../src/base/shape.ts';
import {
  type Ask,
  type HistoryPage,
  MAX_ASKS,
  type NamedVersion,
  namesShape,
  type PageWish,
  pageShape,
  refusalShape,
} from '../core/history.ts';
import type { DocUp } from '../core/up-frame.ts';

/** Who changed a document when, and what it was; `handle.history`. */
export class DocHistory {
  readonly #send: (frame: DocUp) => boolean;
  readonly #asked = new Map<number, Deferred<Json>>();
  #lastId = 0;

  /** `send`: false while there is no server. */
  constructor(send: (frame: DocUp) => boolean) {
    this.#send = send;
  }

  /**
   * Who changed the document when, the newest first. What is not durable yet is not in it. Rejects, as all below,
   * with `unavailable` while offline, `not_found` without the right to read, `overloaded` over four questions at once.
   */
  list(wish: PageWish = {}): Promise<HistoryPage> {
    return this.#ask({ t: 'list', ...wish }, pageShape);
  }

  /** The fields of the document as they were. Rejects with `not_found` for a version that is no more. */
  view(version: string): Promise<JsonObject> {
    return this.#ask({ t: 'view', version }, s.jsonObject());
  }

  /**
   * Makes the document what it was, by one more edit. Resolves when that is durable. Rejects with `forbidden` without
   * the right to write, `not_found` for a version that is no more.
   */
  async restore(version: string): Promise<void> {
    await this.#ask({ t: 'restore', version }, s.json());
  }

  /**
   * Gives a version a name, that of the server's document as it is now unless told; resolves with the version. Rejects
   * with `forbidden` without the right to write, `conflict` for a name that the document has, `invalid` for a bad one.
   */
  name(name: string, version?: string): Promise<string> {
    return this.#ask({ t: 'name', name, version }, s.string());
  }

  /** The named versions, the newest first. */
  names(): Promise<NamedVersion[]> {
    return this.#ask({ t: 'names' }, namesShape);
  }

  /** Takes a name away; the version stays. Rejects with `forbidden`, `not_found`. */
  async unname(name: string): Promise<void> {
    await this.#ask({ t: 'unname', name }, s.json());
  }

  /** The server's answer to a question. */
  told({ id, ok, json }: { id: number; ok: boolean; json: string }): void {
    const asked = this.#asked.get(id);
    if (!asked || !this.#asked.delete(id)) return;
    try {
      const answer: unknown = JSON.parse(json);
      if (ok) return asked.resolve(parseShape(s.json(), answer, 'answer'));
      const { code, message } = parseShape(refusalShape, answer, 'refusal');
      asked.reject(new Fault(isCode(code) ? code : 'internal', message));
    } catch (error) {
      asked.reject(new Fault('internal', 'an answer that makes no sense', undefined, { cause: error }));
    }
  }

  /** The channel is gone: nothing that was asked is answered any more. */
  lost(): void {
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    for (const { reject } of asked) reject(offline());
  }

  async #ask<T>(ask: Ask, shape: Shape<T>): Promise<T> {
    if (this.#asked.size >= MAX_ASKS)
      throw new Fault('overloaded', `more than ${MAX_ASKS} questions about a history`);
    const id = ++this.#lastId;
    const answer = deferred<Json>();
    this.#asked.set(id, answer);
    if (!this.#send({ kind: 'ask', id, json: JSON.stringify(ask) })) {
      this.#asked.delete(id);
      throw offline();
    }
    return parseShape(shape, await answer.promise, 'answer');
  }
}

function offline(): Fault {
  return new Fault('unavailable', 'the history of a document is with the server, which is not connected');
}
