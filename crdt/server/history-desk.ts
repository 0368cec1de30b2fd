/**
 * Answers what clients ask about the history of one document. Whoever may read it may look; whoever may write it
 * may name and restore. [D5] A restoration is an edit under a peer id of whoever asked for it, and goes the way of
 * all edits: durable, noted, told to everybody. One for each reader.
 */
import type { Env } from '../../src/base/env.ts';
import { Fault, toFault } from '../../src/base/fault.ts';
import type { Json } from '../../src/base/json.ts';
import { parseShape } from '../../src/base/shape.ts';
import type { AnyEntity } from '../../src/schema/define-schema.ts';
import type { Store } from '../../src/store/store.ts';
import type { DocRef } from '../core/doc-ref.ts';
import type { Permission } from '../core/down-frame.ts';
import { type Ask, askShape, MAX_ASKS } from '../core/history.ts';
import { NO_VERSIONS } from '../core/versions.ts';
import type { DocEntry } from './doc-entry.ts';
import { formatVersion, parseVersion } from './doc-version.ts';
import type { HistoryLog } from './history-log.ts';
import type { Materialiser } from './materialiser.ts';
import type { DocsOptions } from './options.ts';
import type { PeerLeases } from './peer-lease.ts';
import { columnsOf, fitFields } from './read-fields.ts';

interface Deps {
  readonly ref: DocRef;
  readonly entity: AnyEntity;
  readonly entry: DocEntry;
  readonly leases: PeerLeases;
  readonly store: Store;
  readonly history: HistoryLog;
  readonly materialiser: Materialiser;
}

export interface Asker {
  /** As `ownerOf` says it. */
  readonly owner: string;
  /** Answers that they have not taken yet. */
  readonly owed: number;
  /** What they may do now; null when they may not even know that the document is there. */
  readonly permission: () => Promise<Permission | null>;
}

export class HistoryDesk {
  readonly #env: Env;
  readonly #deps: Deps;
  readonly #options: DocsOptions;
  #asks = 0;

  constructor(env: Env, deps: Deps, options: DocsOptions) {
    this.#env = env;
    this.#deps = deps;
    this.#options = options;
  }

  /** `json` is the answer, or `{code, message}` when not `ok`. Never rejects. */
  async answer(question: string, asker: Asker): Promise<{ ok: boolean; json: string }> {
    try {
      if (this.#asks + asker.owed >= MAX_ASKS)
        throw new Fault('overloaded', `more than ${MAX_ASKS} questions at once`);
      this.#asks++;
      const told = await this.#answer(parseAsk(question), asker).finally(() => this.#asks--);
      const json = JSON.stringify(told);
      const { maxUpdateBytes } = this.#options;
      if (json.length > maxUpdateBytes)
        throw new Fault('too_large', `an answer of over ${maxUpdateBytes} bytes`);
      return { ok: true, json };
    } catch (error) {
      const fault = toFault(error);
      if (fault.code === 'internal') this.#env.log.error('docs.history_failed', { error: String(error) });
      return { ok: false, json: JSON.stringify({ code: fault.code, message: fault.message }) };
    }
  }

  async #answer(ask: Ask, asker: Asker): Promise<Json> {
    const permission = await asker.permission();
    if (!permission) throw new Fault('not_found', 'no such document');
    const writes = ask.t === 'restore' || ask.t === 'name' || ask.t === 'unname';
    if (writes && permission !== 'write') throw new Fault('forbidden', 'this document is read-only for you');
    const { ref, store, history } = this.#deps;
    switch (ask.t) {
      case 'list': {
        const version = await this.#head(); // before: a worker may have to say it
        const head = () => version;
        return (await store.read((source) => history.page(source, ref, { ...ask, head }))) as unknown as Json;
      }
      case 'names':
        return (await store.read((source) => history.names(source, ref))) as unknown as Json;
      case 'view':
        return this.#view(ask.version);
      case 'restore':
        return this.#restore(ask.version, asker.owner);
      case 'name':
        return this.#name(ask, asker.owner);
      case 'unname':
        await store.write(({ tx }) => history.unname(tx, ref, ask.name));
        return null;
    }
  }

  async #view(version: string): Promise<Json> {
    this.#require(version);
    const { entity, materialiser } = this.#deps;
    const { json } = await materialiser.run('viewAt', { version, columns: columnsOf(entity) }, this.#whole());
    return fitFields(entity, json);
  }

  async #restore(version: string, owner: string): Promise<null> {
    const { entry, leases, materialiser } = this.#deps;
    this.#require(version);
    const { peer } = await leases.lease({ owner, wanted: 0n, spare: false });
    const input = { version, peer: `${peer}` };
    const [bytes] = (await materialiser.run('restoreTo', input, this.#whole())).bytes;
    if (!bytes) return null;
    const { maxUpdateBytes } = this.#options;
    if (bytes.length > maxUpdateBytes)
      throw new Fault('too_large', `an edit of over ${maxUpdateBytes} bytes`);
    await entry.intake.add(bytes);
    await entry.settle();
    if (entry.state === 'closed') throw new Fault('unavailable', 'the document was closed meanwhile');
    return null;
  }

  async #name({ name, version }: { name: string; version?: string }, author: string): Promise<string> {
    if (version !== undefined) await this.#view(version); // it may be trimmed
    const { ref, store, history } = this.#deps;
    const named = version ?? (await this.#head());
    await store.write(({ tx }) => history.name(tx, ref, { name, version: named, at: store.now(), author }));
    return named;
  }

  async #head(): Promise<string> {
    return formatVersion(await this.#deps.entry.front());
  }

  /** Throws `invalid`, and `not_found` for a version that the durable document cannot have. */
  #require(version: string): void {
    const { durable } = this.#deps.entry;
    for (const { peer, counter } of parseVersion(version)) {
      if (counter >= (durable.get(peer) ?? 0))
        throw new Fault('not_found', 'the document has no such version');
    }
  }

  /** All that is durable. */
  #whole(): readonly Uint8Array[] {
    return this.#deps.entry.food(NO_VERSIONS).updates;
  }
}

function parseAsk(question: string): Ask {
  let json: unknown;
  try {
    json = JSON.parse(question);
  } catch {
    throw new Fault('invalid', 'a question about history is JSON');
  }
  return parseShape(askShape, json, 'ask');
}
