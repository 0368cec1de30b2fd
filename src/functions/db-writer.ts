/**
 * `ctx.db` of a mutation: every write is parsed against the schema and asked of the policy before it
 * happens. [P3] Pushed row writes go the same way.
 */
import { Fault } from '../base/fault.ts';
import type { JsonObject } from '../base/json.ts';
import type { AccessAction, Images } from '../policy/access.ts';
import type { Schema } from '../schema/define-schema.ts';
import type { EntityName, Insert, Patch, Row } from '../schema/infer.ts';
import type { Transaction } from '../store/transaction.ts';
import { DbReader, elevate } from './db-reader.ts';
import type { Sight } from './row-source.ts';

export interface WriterDeps extends Sight {
  readonly newId: () => string;
}

export class DbWriter<S extends Schema> extends DbReader<S> {
  readonly #tx: Transaction;
  readonly #deps: WriterDeps;

  constructor(tx: Transaction, deps: WriterDeps) {
    super(tx, deps);
    this.#tx = tx;
    this.#deps = deps;
  }

  /** Returns the new row's id, which may be given as `id`. Throws `invalid`, `forbidden`, `conflict`. */
  async insert<N extends EntityName<S>>(entity: N, data: Insert<S, N> & { id?: string }): Promise<string> {
    const { id = this.#deps.newId(), ...fields } = data as JsonObject & { id?: string };
    const row = this.#deps.schema.entity(entity).parseInsert(id, fields);
    await this.#ask('insert', entity, { data: row });
    await this.#tx.insert(entity, row);
    return id;
  }

  /** Throws `invalid`, `forbidden`, `conflict`, and `not_found` also for a row that this viewer may not see. */
  async update<N extends EntityName<S>>(entity: N, id: string, patch: Patch<S, N>): Promise<Row<S, N>> {
    const parsed = this.#deps.schema.entity(entity).parsePatch(patch);
    const existing = await this.#existing(entity, id);
    await this.#ask('update', entity, { data: { ...existing, ...parsed }, existing });
    return (await this.#tx.update(entity, id, parsed)) as Row<S, N>;
  }

  /**
   * The whole row anew: a field that is left out takes its default, readonly and document fields stay. To the
   * policy it is an update. Throws what `update` throws.
   */
  async replace<N extends EntityName<S>>(entity: N, id: string, data: Insert<S, N>): Promise<Row<S, N>> {
    const existing = await this.#existing(entity, id);
    const row = this.#deps.schema.entity(entity).parseReplace(existing, data);
    await this.#ask('update', entity, { data: row, existing });
    const { id: _, ...fields } = row;
    return (await this.#tx.update(entity, id, fields)) as Row<S, N>;
  }

  /** Throws `forbidden`, and `not_found` also for a row that this viewer may not see. */
  async delete<N extends EntityName<S>>(entity: N, id: string): Promise<void> {
    const existing = await this.#existing(entity, id);
    await this.#ask('delete', entity, { data: existing });
    await this.#tx.delete(entity, id);
  }

  override elevated(reason: string): DbWriter<S> {
    return new DbWriter<S>(this.#tx, elevate(this.#deps, reason));
  }

  async #existing(entity: string, id: string): Promise<JsonObject> {
    const row = await this.#tx.get(entity, id);
    const { access, viewer } = this.#deps;
    const question = row && ({ action: 'read', entity, viewer, data: row } as const);
    if (question && (await access.decide(question, this.#tx))) return question.data;
    throw new Fault('not_found', `no ${entity} ${id}`);
  }

  async #ask(action: AccessAction, entity: string, images: Images): Promise<void> {
    const { access, viewer } = this.#deps;
    if (!(await access.decide({ action, entity, viewer, ...images }, this.#tx)))
      throw new Fault('forbidden', `${action} ${entity}: not allowed`);
  }
}
