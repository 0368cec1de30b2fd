/**
 * Mends one document without ending it for its readers, who see a pause: pushes are refused as `stale_cursor`, which
 * every client sends again, and joins wait. Used by doc-entry.ts alone. [D3]
 *
 *   whole --the replica trapped--> under way: built anew from the log and what was received (rebuild.ts) --> whole
 *     '-----the materialiser failed on it--> under way: the log is cleaned (cleaner.ts) --nothing found--> whole
 *                                                                      '--something was dropped--> ended
 *
 * A document whose log was cleaned begins a new epoch, so it ends here, and its readers join the next one.
 */
import type { PeerID } from 'loro-crdt';
import { backoffMs } from '../../src/base/backoff.ts';
import { type Deferred, deferred } from '../../src/base/deferred.ts';
import type { Cancel, Env } from '../../src/base/env.ts';
import { Fault, isFault } from '../../src/base/fault.ts';
import { type DocRef, docKey } from '../core/doc-ref.ts';
import type { Canary } from './canary.ts';
import type { Cleaner } from './cleaner.ts';
import type { Hold } from './hold.ts';
import { peersIn } from './import-guard.ts';
import type { DocsOptions } from './options.ts';
import { rebuild } from './rebuild.ts';
import type { Replica } from './replica.ts';
import type { Suspects } from './suspects.ts';
import type { UpdateLog } from './update-log.ts';

/** What a server has against hostile updates. */
export interface Guards {
  readonly canary: Canary;
  readonly suspects: Suspects;
  readonly cleaner: Cleaner;
}

interface Deps {
  readonly ref: DocRef;
  readonly log: UpdateLog;
  readonly hold: Hold;
  readonly guards: Guards;
  /** Resolves when no commit is under way. */
  readonly quiet: () => Promise<void>;
  /** The replica is whole again. */
  readonly mended: () => void;
  /** Updates with operations of these peers, and of these identities, were dropped. */
  readonly expel: (peers: ReadonlySet<PeerID>, owners: ReadonlySet<string>) => void;
  readonly end: (fault: Fault) => void;
}

type State = { name: 'whole' } | { name: 'underWay'; done: Deferred<void> } | { name: 'closed' };

export class Repair {
  readonly #env: Env;
  readonly #deps: Deps;
  readonly #options: DocsOptions;
  #state: State = { name: 'whole' };
  #logDoubtful = false;
  /** The trap came with an update that is not in the document. */
  #explained = false;
  #wake: Cancel | undefined;

  constructor(env: Env, deps: Deps, options: DocsOptions) {
    this.#env = env;
    this.#deps = deps;
    this.#options = options;
    const { replica } = deps.hold;
    if (!replica.isRemote) replica.onTrap((error) => this.#trapped(error));
  }

  /** Null while the document is whole; else resolves when it is again, or has ended. */
  get underWay(): Promise<void> | null {
    return this.#state.name === 'underWay' ? this.#state.done.promise : null;
  }

  /** The materialiser failed on the document. Whether its bytes are to blame, the cleaner finds out. */
  doubt(error: unknown): void {
    if (!isFault(error, 'invalid') && !isFault(error, 'internal')) return;
    this.#logDoubtful = true;
    this.#begin();
  }

  /** The trap that was just seen came of an update that was refused for it. */
  explained(): void {
    this.#explained = true;
  }

  close(): void {
    if (this.#state.name === 'underWay') this.#state.done.resolve();
    this.#state = { name: 'closed' };
    this.#wake?.();
  }

  #trapped(error: unknown): void {
    const { guards, ref } = this.#deps;
    guards.suspects.mainTrapped();
    this.#env.log.error('docs.trap', { doc: docKey(ref), error: String(error) });
    this.#begin();
  }

  #begin(): void {
    if (this.#state.name !== 'whole') return;
    this.#state = { name: 'underWay', done: deferred() };
    void this.#run();
  }

  async #run(): Promise<void> {
    for (let attempt = 0; this.#state.name === 'underWay'; attempt++) {
      try {
        if (await this.#attempt()) return this.#finish();
      } catch (error) {
        this.#env.log.error('docs.repair_failed', {
          doc: docKey(this.#deps.ref),
          attempt,
          error: String(error),
        });
        if (isFault(error, 'not_found')) return this.#deps.end(error);
        if (isFault(error, 'storage') && this.#deps.hold.replica.isDead) this.#logDoubtful = true;
        else if (!this.#deps.hold.replica.isDead) return this.#finish(); // whoever failed on it will try again
        await this.#pause(backoffMs(attempt, this.#env.random, this.#options.retry));
      }
    }
  }

  /** False: the document has ended. */
  async #attempt(): Promise<boolean> {
    const { quiet, hold, guards, expel, end, ref } = this.#deps;
    await quiet();
    if (this.#logDoubtful) {
      this.#logDoubtful = false;
      const { changed, offenders } = await guards.cleaner.clean(ref);
      if (changed) {
        expel(offenders, new Set());
        end(new Fault('stale_cursor', 'the document was cleaned and begins a new epoch'));
        return false;
      }
    }
    if (hold.replica.isDead) {
      const lost = await this.#rebuild(hold.replica);
      if (lost === 0 && !this.#explained) this.#logDoubtful = true; // it will trap again
      this.#explained = false;
    }
    return true;
  }

  /** Returns how many updates are not in it any more. */
  async #rebuild(replica: Replica): Promise<number> {
    const { ref, log, guards, expel } = this.#deps;
    const { canary, suspects } = guards;
    const found = await log.load(ref);
    if (!found) throw new Fault('not_found', `no ${ref.entity} ${ref.id}`);
    const trapped = () => suspects.mainTrapped();
    const built = await rebuild({ canary, trapped }, found.stored, replica.undurable);
    if (this.#state.name !== 'underWay') {
      built.replica.free();
      return 0;
    }
    const peers = new Set(built.lost.flatMap((bytes) => peersIn(bytes)));
    const owners = new Set([...peers].flatMap((peer) => found.stored.peers.get(peer) ?? []));
    for (const owner of owners) suspects.strike(owner);
    replica.revive(built.replica);
    expel(peers, owners);
    this.#env.log.warn('docs.rebuilt', { doc: docKey(ref), lost: built.lost.length });
    return built.lost.length;
  }

  #finish(): void {
    if (this.#state.name !== 'underWay') return;
    const { done } = this.#state;
    this.#state = { name: 'whole' };
    done.resolve();
    this.#deps.mended();
    if (this.#logDoubtful || this.#deps.hold.replica.isDead) this.#begin(); // it came while this was under way
  }

  /** Cut short when the document is closed. */
  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#env.clock.after(delayMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
