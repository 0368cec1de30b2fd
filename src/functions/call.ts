/**
 * Runs functions: find, ask who may call, parse the arguments, run, parse the result. Mutations and pushed
 * row writes go through the store's writer lane and the ledger.
 */

import type { Env } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import { fnv1a64 } from '../base/hash.ts';
import { newId } from '../base/id.ts';
import { canonicalJson, isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import { isJson, parseShape } from '../base/shape.ts';
import type { Access } from '../policy/access.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { Schema } from '../schema/define-schema.ts';
import type { JobContext } from '../store/group-commit.ts';
import type { Store } from '../store/store.ts';
import type { MutationContext, QueryContext } from './context.ts';
import { DbReader } from './db-reader.ts';
import { DbWriter } from './db-writer.ts';
import type { AuthMode, FunctionDef } from './define.ts';
import { findInLedger, type LedgerEntry, writeLedger } from './ledger.ts';
import type { Registry } from './registry.ts';

export interface CallRequest {
  readonly name: string;
  readonly args: Json;
  readonly viewer: Viewer;
  /** A mutation with an op id runs at most once. [L3] */
  readonly opId?: string | undefined;
}

/** One write of a row, outside any function. */
export interface RowWrite {
  readonly opId: string;
  readonly entity: string;
  readonly rowId: string;
  readonly kind: 'insert' | 'update' | 'delete';
  readonly data?: JsonObject | undefined;
}

/** `seq` is the transaction that holds the effects; null when nothing was written. */
export interface CallResult {
  readonly value: Json | undefined;
  readonly seq: number | null;
}

interface Deps {
  readonly schema: Schema;
  readonly store: Store;
  readonly access: Access;
  readonly registry: Registry;
}

export class Functions {
  readonly #env: Env;
  readonly #deps: Deps;

  constructor(env: Env, deps: Deps) {
    this.#env = env;
    this.#deps = deps;
  }

  /** Throws `not_found`, `unauthorized`, `invalid`, and what the handler throws. */
  async call(request: CallRequest): Promise<CallResult> {
    const definition = this.#deps.registry.get(request.name);
    authorize(definition.auth, request.viewer);
    const args = parseShape(definition.args, request.args, 'args');
    return definition.kind === 'query'
      ? this.#query(definition, request, args)
      : this.#mutate(definition, request, args);
  }

  /** One row write in a transaction of its own. Throws `invalid`, `forbidden`, `not_found`, `conflict`. */
  write(op: RowWrite, viewer: Viewer): Promise<CallResult> {
    const { kind, entity, rowId, data = {} } = op;
    const call = callKey(`${kind} ${entity} ${rowId}`, data);
    return this.#once({ opId: op.opId, viewer, call }, async ({ tx }) => {
      const db = this.#writer(tx, viewer);
      if (kind === 'insert') await db.insert(entity, { ...data, id: rowId });
      else if (kind === 'update') await db.update(entity, rowId, data);
      else await db.delete(entity, rowId);
      return undefined;
    });
  }

  async #query(definition: FunctionDef, { viewer }: CallRequest, args: unknown): Promise<CallResult> {
    const now = this.#env.clock.now();
    const value = await this.#deps.store.read((snapshot) => {
      const context: QueryContext<Schema> = {
        auth: viewer,
        db: new DbReader<Schema>(snapshot, { access: this.#deps.access, viewer }),
        now: () => now,
      };
      return run(definition, context, args);
    });
    return { value, seq: null };
  }

  #mutate(definition: FunctionDef, request: CallRequest, args: unknown): Promise<CallResult> {
    const { viewer, opId, name } = request;
    const call = callKey(name, request.args);
    return this.#once({ opId, viewer, call }, async ({ tx }) => {
      const now = this.#env.clock.now();
      const context: MutationContext<Schema> = {
        auth: viewer,
        db: this.#writer(tx, viewer),
        now: () => now,
        random: () => this.#env.random.next(),
        id: () => newId(this.#env),
      };
      return run(definition, context, args);
    });
  }

  async #once(
    key: { opId: string | undefined; viewer: Viewer; call: string },
    work: (context: JobContext) => Promise<Json | undefined>,
  ): Promise<CallResult> {
    const { opId, call } = key;
    const ledgerKey = opId === undefined ? undefined : { opId, call, viewer: key.viewer.userId ?? '' };
    let repeated: LedgerEntry | undefined;
    const { value, seq } = await this.#deps.store.write(async (context) => {
      if (ledgerKey) {
        repeated = await findInLedger(context.tx, ledgerKey);
        if (repeated) return repeated.value;
      }
      const result = await work(context);
      if (ledgerKey) {
        const at = this.#env.clock.now();
        context.atEnd((seq) => writeLedger(context.tx, ledgerKey, { value: result, seq, at }));
      }
      return result;
    });
    return { value, seq: repeated ? repeated.seq : seq };
  }

  #writer(tx: JobContext['tx'], viewer: Viewer): DbWriter<Schema> {
    const { access, schema } = this.#deps;
    return new DbWriter<Schema>(tx, { access, schema, viewer, newId: () => newId(this.#env) });
  }
}

async function run(definition: FunctionDef, context: unknown, args: unknown): Promise<Json | undefined> {
  const value: unknown = await definition.handler(context as never, args as never);
  if (value === undefined) return undefined;
  const checked = definition.returns ? parseShape(definition.returns, value, 'result') : value;
  if (!isJson(checked)) throw new Fault('invalid', 'a function must return JSON');
  return checked;
}

function authorize(auth: AuthMode, viewer: Viewer): void {
  const allowed =
    auth === 'public' || viewer.kind === 'user' || (auth === 'guest' && viewer.kind === 'guest');
  if (!allowed)
    throw new Fault('unauthorized', auth === 'guest' ? 'sign in, at least as a guest' : 'sign in');
}

/** What an op id stands for, in a few bytes; the arguments may be large. */
function callKey(name: string, args: Json): string {
  return `${name} ${isJsonObject(args) && Object.keys(args).length === 0 ? '' : fnv1a64(canonicalJson(args))}`;
}
