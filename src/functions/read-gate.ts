/** What a query reads through: shut when the query has ended, was given up or is over its deadline. [Q4] */
import { Fault } from '../base/fault.ts';
import type { JsonObject } from '../base/json.ts';
import type { SqlClause } from '../policy/to-sql.ts';
import type { QuerySpec } from '../schema/query-spec.ts';
import type { Relation } from '../store/related.ts';
import type { PageAfter, ScanPage } from '../store/scan.ts';
import type { RowSource } from './row-source.ts';

export class ReadGate implements RowSource {
  readonly #source: RowSource;
  readonly #signal: AbortSignal;
  #ended = false;

  constructor(source: RowSource, signal: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  get(entity: string, id: string): Promise<JsonObject | null> {
    return this.#open().get(entity, id);
  }

  select(spec: QuerySpec, filter: SqlClause): Promise<JsonObject[]> {
    return this.#open().select(spec, filter);
  }

  scan(spec: QuerySpec, filter: SqlClause, page: PageAfter): Promise<ScanPage> {
    return this.#open().scan(spec, filter, page);
  }

  count(spec: QuerySpec, filter: SqlClause): Promise<number> {
    return this.#open().count(spec, filter);
  }

  related(relation: Relation): Promise<JsonObject[]> {
    return this.#open().related(relation);
  }

  end(): void {
    this.#ended = true;
  }

  #open(): RowSource {
    this.#signal.throwIfAborted();
    if (this.#ended) throw new Fault('internal', 'ctx.db was used after the query had ended');
    return this.#source;
  }
}
