/**
 * `ctx.docs` of mutations, actions and routes. A document is guarded as its row is: the read policy to look,
 * the update policy to edit. [P3] [D5] In a mutation all is part of its transaction; in an action each call is
 * a transaction of its own.
 */
import type { LoroDoc } from 'loro-crdt';
import { Fault } from '../../src/base/fault.ts';
import type { JsonObject } from '../../src/base/json.ts';
import type { Lane } from '../../src/base/lane.ts';
import { elevate } from '../../src/functions/db-reader.ts';
import type { PluginCall } from '../../src/functions/plugin-context.ts';
import type { RowSource } from '../../src/functions/row-source.ts';
import type { AnyEntity, Schema } from '../../src/schema/define-schema.ts';
import type { JobContext } from '../../src/store/group-commit.ts';
import type { Snapshot, Store } from '../../src/store/store.ts';
import type { DocEditor } from './doc-editor.ts';
import type { DocEntity, DocFields } from './doc-entity.ts';
import { readFields } from './read-fields.ts';
import type { LogSource } from './update-log.ts';

declare module '../../src/functions/plugin-context.ts' {
  interface ContextParts<_S extends Schema> {
    /** The documents of rows. Needs the plugin `docs()`. */
    readonly docs: ServerDocs<_S>;
  }
}

interface Deps {
  readonly store: Store;
  readonly editor: DocEditor;
  /** Calls of one transaction take turns: two edits of one document must not begin on the same version. */
  readonly lane: Lane;
}

/** What both a transaction and a snapshot are. */
type Source = RowSource & LogSource;
type Asked = 'read' | 'update';

export class ServerDocs<S extends Schema> {
  readonly #call: PluginCall;
  readonly #deps: Deps;

  constructor(call: PluginCall, deps: Deps) {
    this.#call = call;
    this.#deps = deps;
  }

  /**
   * The document as JSON: its fields, each as its column would show it, of this very moment. Throws `not_found`,
   * also for a row that this viewer may not see, and `too_large` over `maxEditBytes`.
   */
  async read<N extends DocEntity<S>>(entity: N, id: string): Promise<DocFields<S, N>> {
    const place = this.#place(entity, id);
    const read = async (source: Source) => {
      await this.#ask('read', place, source);
      return this.#deps.editor.read(source, place.ref, (doc) => readFields(doc, place.entity));
    };
    return (await this.#reading(read)) as DocFields<S, N>;
  }

  /**
   * Changes the document by a synchronous function, in the transaction of the rows; resolves with what it returns.
   * The document is valid inside of it alone. Throws what `read` throws, `forbidden` without the right to update
   * the row, and what `change` throws.
   */
  edit<N extends DocEntity<S>, T>(entity: N, id: string, change: (doc: LoroDoc) => T): Promise<T> {
    const place = this.#place(entity, id);
    return this.#writing(async (job) => {
      await this.#ask('update', place, job.tx);
      return this.#deps.editor.edit(job, place.ref, change);
    });
  }

  /** The same documents without policies. Logged with its reason, which may not be empty. */
  elevated(reason: string): ServerDocs<S> {
    return new ServerDocs<S>({ ...this.#call, sight: elevate(this.#call.sight, reason) }, this.#deps);
  }

  #place(name: string, id: string) {
    const entity = this.#call.sight.schema.entity(name);
    if (entity.documentFields.length === 0) throw new Fault('invalid', `${name} has no documents`);
    return { entity, ref: { entity: name, id } };
  }

  #reading<T>(work: (source: Source) => Promise<T>): Promise<T> {
    const { job, signal } = this.#call;
    signal?.throwIfAborted();
    const { lane, store } = this.#deps;
    return lane.run(() => (job ? work(job.tx) : store.read((snapshot: Snapshot) => work(snapshot))));
  }

  async #writing<T>(work: (job: JobContext) => Promise<T>): Promise<T> {
    const { job, signal } = this.#call;
    signal?.throwIfAborted();
    const { lane, store } = this.#deps;
    return lane.run(() => (job ? work(job) : store.write(work).then(({ value }) => value)));
  }

  async #ask(
    action: Asked,
    { entity: { name }, ref }: { entity: AnyEntity; ref: { id: string } },
    source: RowSource,
  ): Promise<void> {
    const { access, viewer } = this.#call.sight;
    const data: JsonObject | null = await source.get(name, ref.id);
    const question = { entity: name, viewer };
    if (!data || !(await access.decide({ action: 'read', ...question, data }, source)))
      throw new Fault('not_found', `no ${name} ${ref.id}`);
    if (action === 'read') return;
    if (!(await access.decide({ action, ...question, data, existing: data }, source)))
      throw new Fault('forbidden', `update ${name}: not allowed`);
  }
}
