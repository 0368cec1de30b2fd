/**
 * Reads what documents say, on attached copies of them (shadows). Attached work is slow under concurrent writers
 * and may trap, so none of it happens here: a host runs it (materialiser-jobs.ts), in a worker thread on a real
 * server. This class knows which shadows the host holds, and lets go of those unused longest.
 */
import { Fault } from '../../src/base/fault.ts';
import type { JsonObject } from '../../src/base/json.ts';
import type { AnyEntity } from '../../src/schema/define-schema.ts';
import { NO_VERSIONS, type Versions } from '../core/versions.ts';
import type { Bytes, Feed, JobAnswer, JobInput, JobName } from './materialiser-jobs.ts';
import type { DocsOptions } from './options.ts';
import { type Column, columnsOf, fitFields } from './read-fields.ts';

export interface JobHost {
  /** Grows when the host begins anew: all shadows are lost then. */
  readonly life: number;
  /**
   * Runs a job; jobs run one after another, in the order in which they were asked for. Throws `invalid` for bytes
   * that Loro refuses, `internal` for a trap, `timeout`, `overloaded` when too much waits, and `unavailable` when
   * the host began anew meanwhile. `bytes` over shared memory are not copied; no bytes may be written to later.
   */
  run<K extends JobName>(name: K, input: JobInput<K>, bytes: Bytes): Promise<JobAnswer<K>>;
  /** Gets ready before the first job. */
  start?(): void;
  close(): Promise<void>;
}

/** Brings a shadow up to date: `updates`, imported in order, lead to `versions`. */
export interface Food {
  readonly updates: Bytes;
  readonly versions: Versions;
}

export class Materialiser {
  readonly #host: JobHost;
  readonly #options: DocsOptions;
  /** Those that the host holds, the one unused longest first. */
  readonly #held = new Set<Shadow>();
  #numbers = 0;

  constructor(host: JobHost, options: DocsOptions) {
    this.#host = host;
    this.#options = options;
  }

  /** Shadows that the host holds. */
  get shadows(): number {
    return this.#held.size;
  }

  /** A shadow for a document of this entity. It costs nothing until it is fed. */
  open(entity: AnyEntity): Shadow {
    return new Shadow(entity, {
      maxChars: this.#options.maxColumnChars,
      life: () => this.#host.life,
      number: () => ++this.#numbers,
      run: (name, input, bytes) => this.#host.run(name, input, bytes),
      held: (shadow) => this.#keep(shadow),
      dropped: (shadow) => this.#held.delete(shadow),
    });
  }

  /** Gets ready for the first job. */
  start(): void {
    this.#host.start?.();
  }

  /** Any job that needs no shadow. */
  run<K extends JobName>(name: K, input: JobInput<K>, bytes: Bytes = []): Promise<JobAnswer<K>> {
    return this.#host.run(name, input, bytes);
  }

  close(): Promise<void> {
    return this.#host.close();
  }

  #keep(shadow: Shadow): void {
    this.#held.delete(shadow);
    this.#held.add(shadow);
    const { maxShadows } = this.#options;
    for (const oldest of this.#held) {
      if (this.#held.size <= maxShadows) break;
      if (oldest !== shadow) oldest.drop();
    }
  }
}

interface Desk {
  readonly maxChars: number;
  readonly life: () => number;
  readonly number: () => number;
  readonly run: JobHost['run'];
  readonly held: (shadow: Shadow) => void;
  readonly dropped: (shadow: Shadow) => void;
}

/** The jobs that work on a shadow. */
type ShadowJob = { [K in JobName]: JobInput<K> extends Feed ? K : never }[JobName];

/** What the host holds of one document. When it is lost (host anew, trap, too many shadows), `versions` is empty again. */
export class Shadow {
  readonly #entity: AnyEntity;
  readonly #desk: Desk;
  readonly #columns: readonly Column[];
  #number = 0;
  #life = 0;
  #versions = NO_VERSIONS;
  #closed = false;

  constructor(entity: AnyEntity, desk: Desk) {
    this.#entity = entity;
    this.#desk = desk;
    this.#columns = columnsOf(entity);
  }

  /** What it holds or will hold when the jobs asked for have run. Feed it what lies beyond. */
  get versions(): Versions {
    return this.#lost ? NO_VERSIONS : this.#versions;
  }

  /** What it was found to hold after a job. */
  holds(versions: Versions): void {
    if (!this.#lost) this.#versions = versions;
  }

  get #lost(): boolean {
    return this.#number === 0 || this.#life !== this.#desk.life();
  }

  /** The columns of the row. */
  async read(food: Food): Promise<JsonObject> {
    const { json } = await this.run('read', { columns: this.#columns, maxChars: this.#desk.maxChars }, food);
    return fitFields(this.#entity, json);
  }

  /** Any job on this shadow; it is fed first. */
  async run<K extends ShadowJob>(
    name: K,
    input: Omit<JobInput<K>, keyof Feed>,
    { updates, versions }: Food,
  ): Promise<JobAnswer<K>> {
    if (this.#closed) throw new Fault('unavailable', 'the document was closed');
    const fresh = this.#lost;
    if (fresh) this.#begin();
    const number = this.#number;
    this.#versions = versions;
    this.#desk.held(this);
    try {
      const feed: Feed = { shadow: number, fresh };
      return await this.#desk.run(name, { ...input, ...feed } as JobInput<K>, updates);
    } catch (error) {
      if (this.#number === number) this.drop();
      throw error;
    }
  }

  /** Lets go of what the host holds; the next job begins anew. */
  drop(): void {
    const number = this.#number;
    const lost = this.#lost;
    this.#number = 0;
    this.#desk.dropped(this);
    if (lost) return;
    this.#desk.run('close', { shadow: number }, []).catch(() => {}); // the host is gone, and the shadow with it
  }

  close(): void {
    this.#closed = true;
    this.drop();
  }

  #begin(): void {
    this.drop();
    this.#number = this.#desk.number();
    this.#life = this.#desk.life();
  }
}
