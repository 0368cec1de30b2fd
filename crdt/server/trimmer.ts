/**
 * Drops history that nobody needs any more: the snapshot of a document in the log is put in the place of everything,
 * and begins at a version that is old enough, that every known device holds, and that is older than each named
 * one. Told by the hub of documents that were unloaded; off unless `trimHistoryMs` is set. [D6]
 *
 *   unloaded --in turn--> planned --materialiser--> cut --nobody loads it, nothing was written since--> in the log
 *
 * No replica is in memory while the log is cut, so none takes an update that builds on what is gone.
 */
import type { Env } from '../../src/base/env.ts';
import type { Store } from '../../src/store/store.ts';
import type { Transaction } from '../../src/store/transaction.ts';
import { type DocRef, docKey } from '../core/doc-ref.ts';
import type { Devices } from './devices.ts';
import type { HistoryLog } from './history-log.ts';
import type { Materialiser } from './materialiser.ts';
import type { DocsOptions } from './options.ts';
import type { LogSource, StoredDoc } from './stored-doc.ts';
import type { TrimInput } from './trim-jobs.ts';
import type { Placed, UpdateLog } from './update-log.ts';

export const TRIMS_TABLE = `CREATE TABLE IF NOT EXISTS _doc_trims (entity TEXT NOT NULL, id TEXT NOT NULL,
  at INTEGER NOT NULL, PRIMARY KEY (entity, id)) STRICT, WITHOUT ROWID`;

interface Deps {
  readonly store: Store;
  readonly log: UpdateLog;
  readonly history: HistoryLog;
  readonly devices: Devices;
  readonly materialiser: Pick<Materialiser, 'run'>;
  /** Runs `work` while nobody can load the document. False: somebody has it. */
  readonly alone: (ref: DocRef, work: () => Promise<void>) => Promise<boolean>;
}

interface Plan {
  readonly ref: DocRef;
  readonly at: number;
  readonly input: TrimInput;
  readonly stored: StoredDoc;
}

export class Trimmer {
  readonly #env: Env;
  readonly #deps: Deps;
  readonly #options: DocsOptions;
  readonly #waiting = new Map<string, DocRef>();
  #running = false;
  #closed = false;

  constructor(env: Env, deps: Deps, options: DocsOptions) {
    this.#env = env;
    this.#deps = deps;
    this.#options = options;
  }

  /** The document may be cut now, if it is worth while. */
  unloaded(ref: DocRef): void {
    const { trimHistoryMs, maxTrims } = this.#options;
    if (trimHistoryMs === 0 || this.#closed || this.#waiting.size >= maxTrims) return;
    this.#waiting.set(docKey(ref), ref);
    if (!this.#running) void this.#run();
  }

  close(): void {
    this.#closed = true;
    this.#waiting.clear();
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (const [key, ref] of this.#waiting) {
      this.#waiting.delete(key);
      try {
        await this.#trim(ref);
      } catch (error) {
        if (!this.#closed) this.#env.log.error('docs.trim_failed', { doc: key, error: String(error) });
      }
    }
    this.#running = false;
  }

  async #trim(ref: DocRef): Promise<void> {
    const { store, log, materialiser, alone } = this.#deps;
    const at = store.now();
    const input = await store.read((source) => this.#due(source, ref, at));
    const found = input && (await log.load(ref));
    if (!found) return;
    const { stored } = found;
    const plan = { ref, at, input, stored };
    const whole = [...(stored.snapshot ? [stored.snapshot] : []), ...stored.updates];
    const [bytes] = (await materialiser.run('trim', plan.input, whole)).bytes;
    if (this.#closed) return;
    await alone(ref, async () => {
      const write = async (placed: Placed | null) =>
        (await store.write(({ tx }) => this.#write(tx, plan, placed))).value;
      const done = await (bytes ? log.placed(ref, bytes, write) : write(null));
      await log.sweep(ref);
      const sizeBytes = { before: sizeOf(whole), after: sizeOf(bytes ? [bytes] : whole) };
      if (done) this.#env.log.info('docs.trimmed', { doc: docKey(ref), ...sizeBytes });
    });
  }

  /** Null: nothing is old enough, or it was tried not long ago. */
  async #due(source: LogSource, ref: DocRef, at: number): Promise<TrimInput | null> {
    const { trimHistoryMs } = this.#options;
    const [last] = await source.all('SELECT at FROM _doc_trims WHERE entity = ? AND id = ?', [
      ref.entity,
      ref.id,
    ]);
    if (last && at - Number(last.at) < trimHistoryMs) return null;
    return this.#input(source, ref, at);
  }

  async #input(source: LogSource, ref: DocRef, at: number): Promise<TrimInput | null> {
    const { history, devices } = this.#deps;
    const upTo = await history.before(source, ref, at - this.#options.trimHistoryMs);
    if (upTo === null) return null;
    const names = (await history.names(source, ref)).map(({ version }) => version);
    const held = await devices.held(source, ref, at);
    return { upTo: upTo === 'now' ? null : upTo, names, held: held && [...held] };
  }

  /** False: something was written since it was planned, or nothing may go. */
  async #write(tx: Transaction, plan: Plan, placed: Placed | null): Promise<boolean> {
    const { ref, at, input, stored } = plan;
    const key = [ref.entity, ref.id];
    const [meta] = await tx.all('SELECT epoch, rev FROM _doc_meta WHERE entity = ? AND id = ?', key);
    if (!meta || meta.epoch !== stored.epoch || Number(meta.rev) !== stored.rev) return false;
    if (JSON.stringify(await this.#input(tx, ref, at)) !== JSON.stringify(input)) return false;
    await tx.run(
      'INSERT INTO _doc_trims (entity, id, at) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at',
      [...key, at],
    );
    if (!placed) return false;
    return this.#deps.log.compactWithin(tx, ref, { epoch: String(meta.epoch), rev: stored.rev, ...placed });
  }
}

function sizeOf(updates: readonly Uint8Array[]): number {
  return updates.reduce((sum, { length }) => sum + length, 0);
}
