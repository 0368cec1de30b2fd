/**
 * How updates get into one live document. Small ones on a document that this thread holds are imported at once; what
 * would take this thread for long goes to a worker first, and so does all that comes after it: the document has moved
 * there, and stays until it is unloaded. Used by doc-entry.ts.
 *
 *   import() ----------------------------------> received --> commit-loop.ts
 *   facts(), prove(): worker --accept()---------'
 *                        '--unwanted(): the copy there holds what the document does not, and is made anew
 */
import { Fault } from '../../src/base/fault.ts';
import type { AnyEntity } from '../../src/schema/define-schema.ts';
import { NO_VERSIONS } from '../core/versions.ts';
import { Canary, verdictOf } from './canary.ts';
import type { CommitLoop } from './commit-loop.ts';
import type { Follower } from './follower.ts';
import type { Hold } from './hold.ts';
import { knownOf } from './import-guard.ts';
import type { Materialiser } from './materialiser.ts';
import type { DocsOptions } from './options.ts';
import { RemoteReplica } from './remote-replica.ts';
import type { Guards, Repair } from './repair.ts';
import type { ImportOutcome } from './replica.ts';
import type { Verdict } from './sift.ts';
import type { UpdateFacts } from './update-facts.ts';

interface Deps {
  readonly hold: Hold;
  readonly entity: AnyEntity;
  /** The worker that holds documents. */
  readonly keeper: Materialiser;
  readonly guards: Guards;
  readonly commits: CommitLoop;
  readonly repair: Repair;
  /** Throws when the document has ended. */
  readonly require: () => void;
}

const HARMFUL = 'an update of yours was harmful';

export class DocIntake {
  readonly #deps: Deps;
  readonly #options: DocsOptions;
  readonly #canary: Canary;
  #moving: Promise<RemoteReplica> | undefined;

  constructor(deps: Deps, options: DocsOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#canary = new Canary(deps.keeper);
  }

  /** Whether an update is not to be imported here: it is proved first, and accepted then. */
  mustProve(bytes: Uint8Array): boolean {
    return this.#deps.hold.replica.isRemote || this.#isLarge(bytes);
  }

  /**
   * Imports a checked update. Throws `invalid` for bytes that Loro refuses, and `stale_cursor` while the document is
   * mended. On a trap the author's channel ends, and the document is built anew without the update.
   */
  import(bytes: Uint8Array, author: Follower | null): ImportOutcome {
    const { hold, guards, commits, repair, require } = this.#deps;
    require();
    const { replica } = hold;
    if (repair.underWay || replica.isRemote) throw new Fault('stale_cursor', 'the document is being mended');
    let outcome: ImportOutcome;
    try {
      outcome = replica.import(bytes);
    } catch (error) {
      if (typeof error === 'string') throw new Fault('invalid', 'Loro refuses this update');
      if (author && replica.isDead) {
        guards.suspects.strike(author.owner);
        repair.explained();
        author.ended(new Fault('forbidden', HARMFUL));
      }
      throw error;
    }
    // An update may set free somebody else's that waited for it.
    const known = replica.hasPending ? null : author;
    if (replica.pendingBytes > this.#options.maxPendingBytes) replica.forgetPending();
    if (outcome !== 'known' && outcome !== 'trimmed' && replica.dirty) commits.received(bytes.length, known);
    return outcome;
  }

  /** What an update says of itself, read by the worker when it is large. Throws as `knownOf`. */
  async facts(bytes: Uint8Array): Promise<UpdateFacts> {
    if (!this.#isLarge(bytes)) return knownOf(bytes);
    const facts = await this.#canary.inspect(bytes);
    if (typeof facts !== 'string') return facts;
    throw new Fault(facts === 'trap' ? 'forbidden' : 'invalid', 'not a document update');
  }

  /** Lets the worker try a checked update on the document. When it is fine, `accept` or `unwanted` must follow. */
  async prove(bytes: Uint8Array, { ends }: UpdateFacts): Promise<Verdict> {
    const replica = await this.moved();
    try {
      await replica.append(bytes, ends);
      return 'fine';
    } catch (error) {
      return verdictOf(error);
    }
  }

  /** Takes an update that was found to be fine. */
  accept(bytes: Uint8Array, { ends }: UpdateFacts, author: Follower | null): void {
    const { hold, commits, require } = this.#deps;
    require();
    const { replica } = hold;
    if (!replica.isRemote) throw new Fault('stale_cursor', 'the document is being mended');
    if (replica.accept(bytes, ends)) commits.received(bytes.length, author);
  }

  /** An update that was found to be fine is not taken after all. */
  unwanted(): void {
    const { replica } = this.#deps.hold;
    if (replica.isRemote) replica.spoilt();
  }

  /** An update by the server. Throws `conflict` when the document cannot take it. */
  async add(bytes: Uint8Array): Promise<void> {
    if (!this.mustProve(bytes)) {
      this.import(bytes, null);
      return;
    }
    const facts = await this.facts(bytes);
    const verdict = await this.prove(bytes, facts);
    if (verdict !== 'fine') throw new Fault('conflict', `the document cannot take it: ${verdict}`);
    this.accept(bytes, facts, null);
  }

  /** Resolves when a worker holds the document. */
  moved(): Promise<RemoteReplica> {
    const { replica } = this.#deps.hold;
    if (replica.isRemote) return Promise.resolve(replica);
    this.#moving ??= this.#move().finally(() => {
      this.#moving = undefined;
    });
    return this.#moving;
  }

  /** In one turn, when all that was received is committed. */
  async #move(): Promise<RemoteReplica> {
    const { hold, entity, keeper, commits, repair, require } = this.#deps;
    for (;;) {
      await repair.underWay;
      await commits.settled();
      require();
      const { replica } = hold;
      if (replica.isRemote) return replica;
      if (replica.dirty || replica.isDead || repair.underWay) continue;
      const { snapshot, root, durable } = replica;
      const bytes = replica.since(snapshot?.versions ?? NO_VERSIONS);
      const deltas = bytes ? [{ bytes, versions: durable }] : [];
      const remote = new RemoteReplica(keeper.open(entity), { snapshot, deltas, root }, durable);
      hold.replica = remote;
      replica.free();
      return remote;
    }
  }

  #isLarge(bytes: Uint8Array): boolean {
    return bytes.length > this.#options.maxImportBytes;
  }
}
