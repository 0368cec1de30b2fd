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
import type { DocRef } from '../core/doc-ref.ts';
import type { HistoryPage, NamedVersion, PageWish } from '../core/history.ts';
import { ownerOf } from './access.ts';
import type { DocEditor } from './doc-editor.ts';
import type { DocEntity, DocFields } from './doc-entity.ts';
import { formatVersion, toVersion } from './doc-version.ts';
import type { HistoryLog } from './history-log.ts';
import { readFields } from './read-fields.ts';
import type { LogSource } from './stored-doc.ts';

declare module '../../src/functions/plugin-context.ts' {
  interface ContextParts<_S extends Schema> {
    /** The documents of rows. Needs the plugin `docs()`. */
    readonly docs: ServerDocs<_S>;
  }
}

interface Deps {
  readonly store: Store;
  readonly editor: DocEditor;
  readonly history: HistoryLog;
  /** Calls of one transaction take turns: two edits of one document must not begin on the same version. */
  readonly lane: Lane;
}

/** What both a transaction and a snapshot are. */
type Source = RowSource & LogSource;
type Asked = 'read' | 'update';
type Place = { readonly entity: AnyEntity; readonly ref: DocRef };

/** The documents of rows, as the app's functions read and edit them: `ctx.docs`. */
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
      const author = ownerOf(this.#call.sight.viewer);
      return this.#deps.editor.edit(job, { ref: place.ref, author }, change);
    });
  }

  /**
   * Who changed the document when, the newest first: stretches of at most `historyMs`. Throws `invalid` for a
   * limit that is none, and what `read` throws.
   */
  async history<N extends DocEntity<S>>(entity: N, id: string, wish: PageWish = {}): Promise<HistoryPage> {
    const place = this.#place(entity, id);
    return this.#reading(async (source) => {
      await this.#ask('read', place, source);
      const head = await this.#version(source, place);
      return this.#deps.history.page(source, place.ref, { ...wish, head: () => head });
    });
  }

  /** The document as it was. Throws `not_found` for a version that it does not have, and what `read` throws. */
  async view<N extends DocEntity<S>>(entity: N, id: string, version: string): Promise<DocFields<S, N>> {
    const place = this.#place(entity, id);
    const view = async (source: Source) => {
      await this.#ask('read', place, source);
      return this.#deps.editor.read(source, place.ref, (doc) => {
        toVersion(doc, version, (front) => doc.checkout(front));
        return readFields(doc, place.entity);
      });
    };
    return (await this.#reading(view)) as DocFields<S, N>;
  }

  /**
   * Makes the document what it was, by one more edit: nothing of the history is lost, and what others type
   * meanwhile is merged. Throws what `edit` and `view` throw.
   */
  restore<N extends DocEntity<S>>(entity: N, id: string, version: string): Promise<void> {
    return this.edit(entity, id, (doc) => toVersion(doc, version, (front) => doc.revertTo(front)));
  }

  /**
   * Gives a version a name, the present one unless told; returns it. Throws `invalid` for a bad name, `conflict`
   * for one that the document has already, `overloaded` over `maxNames`, and what `edit` and `view` throw.
   */
  nameVersion<N extends DocEntity<S>>(
    entity: N,
    id: string,
    { name, version }: { readonly name: string; readonly version?: string | undefined },
  ): Promise<string> {
    const place = this.#place(entity, id);
    return this.#writing(async ({ tx }) => {
      await this.#ask('update', place, tx);
      const named = await this.#version(tx, place, version);
      const author = ownerOf(this.#call.sight.viewer);
      const at = this.#deps.store.now();
      await this.#deps.history.name(tx, place.ref, { name, version: named, at, author });
      return named;
    });
  }

  /** The named versions, the newest first. Throws `not_found`. */
  names<N extends DocEntity<S>>(entity: N, id: string): Promise<NamedVersion[]> {
    const place = this.#place(entity, id);
    return this.#reading(async (source) => {
      await this.#ask('read', place, source);
      return this.#deps.history.names(source, place.ref);
    });
  }

  /** Takes the name away; the version stays. Throws `not_found`, and `forbidden`. */
  unname<N extends DocEntity<S>>(entity: N, id: string, name: string): Promise<void> {
    const place = this.#place(entity, id);
    return this.#writing(async ({ tx }) => {
      await this.#ask('update', place, tx);
      await this.#deps.history.unname(tx, place.ref, name);
    });
  }

  /** The same documents without policies. Logged with its reason, which may not be empty. */
  elevated(reason: string): ServerDocs<S> {
    return new ServerDocs<S>({ ...this.#call, sight: elevate(this.#call.sight, reason) }, this.#deps);
  }

  /** The present version, or the one that is given, when the document has it. */
  #version(source: LogSource, { ref }: Place, version?: string): Promise<string> {
    return this.#deps.editor.read(source, ref, (doc) => {
      if (version !== undefined) toVersion(doc, version, (front) => doc.checkout(front));
      return formatVersion(doc.frontiers());
    });
  }

  #place(name: string, id: string): Place {
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

  async #ask(action: Asked, { entity: { name }, ref }: Place, source: RowSource): Promise<void> {
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
