/**
 * Which documents are loaded: at most one entry per row, loaded once however many ask at the same time,
 * unloaded some time after the last reader left, or when memory is wanted (idle-docs.ts). A load that fails leaves nothing behind. [D4] [D10]
 *
 *   (none) --acquire()--> loading --loaded--> live --entry closed--> (none)     row deleted --> removing --> (none)
 */
import { backoffMs } from '../../src/base/backoff.ts';
import type { Cancel, Env } from '../../src/base/env.ts';
import { Fault, isFault, toFault } from '../../src/base/fault.ts';
import { newId } from '../../src/base/id.ts';
import type { JsonObject } from '../../src/base/json.ts';
import type { AnyEntity, Schema } from '../../src/schema/define-schema.ts';
import type { Commit } from '../../src/store/change-log.ts';
import { type DocRef, docKey } from '../core/doc-ref.ts';
import { AwarenessBoard } from './awareness-board.ts';
import { type Adopted, DocEntry } from './doc-entry.ts';
import type { HistoryLog } from './history-log.ts';
import { HistoryNotes } from './history-notes.ts';
import type { Hold } from './hold.ts';
import { IdleDocs } from './idle-docs.ts';
import type { Materialiser } from './materialiser.ts';
import { isTrap } from './materialiser-jobs.ts';
import type { DocsOptions } from './options.ts';
import { PeerLeases } from './peer-lease.ts';
import { RemoteReplica } from './remote-replica.ts';
import type { Guards } from './repair.ts';
import { Replica } from './replica.ts';
import type { StoredDoc } from './stored-doc.ts';
import type { UpdateLog } from './update-log.ts';

export interface LiveDoc {
  readonly entry: DocEntry;
  readonly leases: PeerLeases;
  readonly board: AwarenessBoard;
}

interface Deps {
  readonly schema: Schema;
  readonly log: UpdateLog;
  readonly history: HistoryLog;
  /** The server's own time, for the history. */
  readonly now: () => number;
  readonly materialiser: Materialiser;
  /** The worker that holds documents which are too large for this thread. */
  readonly keeper: Materialiser;
  readonly guards: Guards;
  /** A document is in memory no more. */
  readonly unloaded: (ref: DocRef) => void;
}

interface Found {
  readonly row: JsonObject;
  readonly stored: StoredDoc;
  readonly hold: Hold;
}

type Slot =
  /** `row`: what a commit said while the load was under way; null when the row was deleted. */
  | { name: 'loading'; doc: Promise<LiveDoc>; row: JsonObject | null | undefined; adopted: Adopted[] }
  | { name: 'live'; doc: LiveDoc };

export class DocHub {
  readonly #env: Env;
  readonly #deps: Deps;
  readonly #options: DocsOptions;
  readonly #slots = new Map<string, Slot>();
  readonly #idle: IdleDocs;
  readonly #doubtful = new Set<string>();
  readonly #removals = new Map<string, Promise<void>>();
  /** Work on the log of documents that nobody may load meanwhile. */
  readonly #holds = new Map<string, Promise<void>>();
  /** Documents that `#project` is at. */
  readonly #projecting = new Set<string>();
  readonly #documentEntities: ReadonlySet<string>;
  #closed: Fault | undefined;

  constructor(env: Env, deps: Deps, options: DocsOptions) {
    this.#env = env;
    this.#deps = deps;
    this.#options = options;
    this.#idle = new IdleDocs(options);
    const entities = deps.schema.entities.filter((entity) => entity.documentFields.length > 0);
    this.#documentEntities = new Set(entities.map(({ name }) => name));
  }

  /** About what all loaded documents take of memory. */
  get sizeBytes(): number {
    return this.#idle.sizeBytes;
  }

  /** Documents loaded or loading. */
  get size(): number {
    return this.#slots.size;
  }

  get entries(): DocEntry[] {
    return [...this.#slots.values()].flatMap((slot) => (slot.name === 'live' ? [slot.doc.entry] : []));
  }

  /** Loads the document if need be. Throws `not_found`, `overloaded`, `storage`, `unavailable`. */
  async acquire(ref: DocRef): Promise<{ doc: LiveDoc; release: Cancel }> {
    const entity = this.#entity(ref);
    const key = docKey(ref);
    for (let busy = this.#busy(key); busy; busy = this.#busy(key)) await busy;
    if (this.#closed) throw this.#closed;
    let slot = this.#slots.get(key);
    if (!slot) {
      if (this.#slots.size >= this.#options.maxDocs) {
        this.#idle.unloadOne(); // who comes again finds room
        throw new Fault('overloaded', 'too many documents are open');
      }
      slot = { name: 'loading', doc: this.#load(ref, entity), row: undefined, adopted: [] };
      this.#slots.set(key, slot);
    }
    const doc = await slot.doc;
    return { doc, release: this.#idle.hold(doc.entry) };
  }

  /** Runs `work` while nobody can load the document. False: somebody has it, or it is gone. Throws what `work` throws. */
  async alone(ref: DocRef, work: () => Promise<void>): Promise<boolean> {
    const key = docKey(ref);
    if (this.#closed || this.#slots.has(key) || this.#busy(key)) return false;
    const working = work();
    const hold = working.catch(() => {}).finally(() => this.#holds.delete(key));
    this.#holds.set(key, hold);
    await working;
    return true;
  }

  /** Follows the rows: rights are asked again, and documents of deleted rows end. */
  committed(commits: readonly Commit[]): void {
    const gone: DocRef[] = [];
    for (const { changes } of commits) {
      for (const { entity, id, after } of changes) {
        if (!this.#documentEntities.has(entity)) continue;
        const slot = this.#slots.get(docKey({ entity, id }));
        if (slot?.name === 'live') slot.doc.entry.rowChanged(after);
        else if (slot) slot.row = after;
        if (!after) gone.push({ entity, id });
      }
    }
    if (gone.length > 0) this.remove(gone);
  }

  /** An update was committed with UpdateLog.appendWithin; called after the commit. [D8] */
  adopt(ref: DocRef, update: Adopted): void {
    const slot = this.#slots.get(docKey(ref));
    if (slot?.name === 'live') slot.doc.entry.adopt(update);
    else slot?.adopted.push(update); // what is being loaded may be older
    if (slot?.name !== 'live') this.#project(ref);
  }

  /** Whether the document of a row that is gone is still to be removed. */
  removing(ref: DocRef): boolean {
    return this.#removals.has(docKey(ref));
  }

  /** A document trapped on this thread outside of its replica: it is looked into. [D3] */
  trapped(ref: DocRef, error: unknown): void {
    const key = docKey(ref);
    this.#deps.guards.suspects.mainTrapped();
    this.#env.log.error('docs.trap', { doc: key, error: String(error) });
    if (this.#doubtful.has(key)) return;
    this.#doubtful.add(key);
    void this.#lookInto(ref)
      .catch((cause) => this.#env.log.error('docs.repair_failed', { doc: key, error: String(cause) }))
      .finally(() => this.#doubtful.delete(key));
  }

  /** Whether it is being looked into after a trap. */
  doubtful(ref: DocRef): boolean {
    return this.#doubtful.has(docKey(ref));
  }

  /** The epoch of a document that is loaded, which may not be stored yet. */
  epochOf(ref: DocRef): string | undefined {
    const slot = this.#slots.get(docKey(ref));
    return slot?.name === 'live' ? slot.doc.entry.epoch : undefined;
  }

  /** Forgets what is stored of these documents; until that is done, nobody loads them. */
  remove(refs: readonly DocRef[]): void {
    const removal = this.#remove(refs).finally(() => {
      for (const ref of refs)
        if (this.#removals.get(docKey(ref)) === removal) this.#removals.delete(docKey(ref));
    });
    for (const ref of refs) this.#removals.set(docKey(ref), removal);
  }

  /** Resolves when every document that is loaded now is stored and shown by its row. */
  async settle(): Promise<void> {
    await Promise.all(this.entries.map((entry) => entry.settle()));
    await Promise.all(this.#removals.values());
  }

  /** Ends all; what is not stored is dropped, so `settle` comes first. */
  close(): void {
    this.#closed ??= new Fault('unavailable', 'the server is closing');
    for (const entry of this.entries) entry.end(this.#closed);
  }

  #busy(key: string): Promise<void> | undefined {
    return this.#removals.get(key) ?? this.#holds.get(key);
  }

  async #lookInto(ref: DocRef): Promise<void> {
    const { doc, release } = await this.acquire(ref);
    try {
      doc.entry.doubt(new Fault('internal', 'the document trapped'));
      await doc.entry.repair;
    } finally {
      release();
    }
  }

  #entity(ref: DocRef): AnyEntity {
    const entity = this.#deps.schema.entity(ref.entity);
    if (!this.#documentEntities.has(entity.name))
      throw new Fault('not_found', `${ref.entity} has no documents`);
    return entity;
  }

  async #load(ref: DocRef, entity: AnyEntity): Promise<LiveDoc> {
    const key = docKey(ref);
    try {
      const found = await this.#sound(ref, entity);
      const slot = this.#slots.get(key);
      const newer = slot?.name === 'loading' ? slot.row : undefined;
      const row = newer === undefined ? found?.row : newer;
      if (!found || !row || this.#closed) {
        found?.hold.replica.free();
        throw this.#closed ?? new Fault('not_found', `no ${ref.entity} ${ref.id}`);
      }
      const adopted = slot?.name === 'loading' ? slot.adopted : [];
      const epoch = found.stored.epoch ?? adopted[0]?.epoch ?? newId(this.#env);
      const doc = this.#open(ref, { ...found, entity, row, epoch });
      this.#slots.set(key, { name: 'live', doc });
      for (const update of adopted) doc.entry.adopt(update);
      return doc;
    } catch (error) {
      this.#slots.delete(key);
      this.#env.log.warn('docs.load_failed', { doc: key, error: String(error) });
      throw toFault(error);
    }
  }

  /** A document that nobody has open is shown by its row all the same, as soon as it can be loaded. [D10] */
  #project(ref: DocRef): void {
    const key = docKey(ref);
    if (this.#projecting.has(key)) return;
    this.#projecting.add(key);
    void this.#projected(ref).finally(() => this.#projecting.delete(key));
  }

  async #projected(ref: DocRef): Promise<void> {
    for (let attempt = 0; !this.#closed; attempt++) {
      try {
        const { doc, release } = await this.acquire(ref);
        await doc.entry.settle().finally(release);
        if (doc.entry.state !== 'closed') return;
      } catch (error) {
        // The row went with the same transaction, or soon after.
        if (isFault(error, 'not_found') || this.#closed) return;
        this.#env.log.error('docs.project_failed', { doc: docKey(ref), attempt, error: String(error) });
      }
      await this.#pause(attempt);
    }
  }

  /** Loads a document, and cleans its log first when it does not load. [D3] */
  async #sound(ref: DocRef, entity: AnyEntity): Promise<Found | null> {
    const { log, guards } = this.#deps;
    const found = await log.load(ref);
    if (!found) return null;
    try {
      return { ...found, hold: { replica: await this.#replica(entity, found.stored) } };
    } catch (error) {
      if (!isFault(error, 'storage')) throw error;
      if (isTrap(error.cause)) guards.suspects.mainTrapped();
      if (!(await guards.cleaner.clean(ref)).changed) throw error;
    }
    const clean = await log.load(ref);
    return clean && { ...clean, hold: { replica: await this.#replica(entity, clean.stored) } };
  }

  async #replica(entity: AnyEntity, stored: StoredDoc): Promise<Hold['replica']> {
    const { snapshot, updates } = stored;
    const { maxLoadBytes, maxImportBytes } = this.#options;
    const isLight =
      (snapshot?.length ?? 0) <= maxLoadBytes && updates.every(({ length }) => length <= maxImportBytes);
    if (isLight) return Replica.load(this.#env.clock, stored, maxImportBytes);
    const copy = this.#deps.keeper.open(entity);
    try {
      return await RemoteReplica.load(copy, stored);
    } catch (error) {
      copy.close();
      throw error;
    }
  }

  #open(ref: DocRef, loaded: Found & { entity: AnyEntity; epoch: string }): LiveDoc {
    const { log, history, now, materialiser, keeper, guards } = this.#deps;
    const { entity, row, epoch, stored, hold } = loaded;
    const board = new AwarenessBoard(this.#env, this.#options);
    const onClosed = ({ code }: Fault) => {
      board.close();
      this.#slots.delete(docKey(ref));
      this.#idle.forget(entry);
      // It was cleaned, or must be loaded again: the row does not show what its log says now. [D1]
      if (code === 'stale_cursor' || code === 'internal') this.#project(ref);
      this.#deps.unloaded(ref);
    };
    const leases = new PeerLeases(this.#env, { ref, epoch, log }, stored.peers);
    const noting = { ref, hold, leases, history, now };
    const notes = new HistoryNotes(noting, this.#options.historyMs);
    const workers = { materialiser, keeper };
    const deps = { ref, entity, row, epoch, stored, hold, log, notes, ...workers, guards, onClosed };
    const entry = new DocEntry(this.#env, deps, this.#options);
    return { entry, board, leases };
  }

  async #remove(refs: readonly DocRef[]): Promise<void> {
    for (let attempt = 0; !this.#closed; attempt++) {
      try {
        return await this.#deps.log.remove(refs);
      } catch (error) {
        this.#env.log.error('docs.remove_failed', { attempt, error: String(error) });
        await this.#pause(attempt);
      }
    }
  }

  #pause(attempt: number): Promise<void> {
    const delayMs = backoffMs(attempt, this.#env.random, this.#options.retry);
    return new Promise((resolve) => this.#env.clock.after(delayMs, resolve));
  }
}
