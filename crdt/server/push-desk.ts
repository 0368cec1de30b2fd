/**
 * The pushes of one client: checked, taken or refused, and acknowledged twice, as received and as durable. Made by
 * reader.ts, which says when pushes are welcome.
 *
 *   push --check, import--> received --commit--> durable
 *     '--large, or of a suspect: push-trials.ts--^        '--refused: what follows builds on it and is ignored (stalled)
 *
 * [D5] rights are asked at every push. [D9] it may hold operations of peers that are leased to this identity alone.
 */
import type { PeerID } from 'loro-crdt';
import { CODES } from '../../src/base/codes.ts';
import { type Deferred, deferred } from '../../src/base/deferred.ts';
import type { Cancel, Env } from '../../src/base/env.ts';
import { Fault, isFault, toFault } from '../../src/base/fault.ts';
import { encodeDown } from '../core/down-frame.ts';
import { NO_VERSIONS } from '../core/versions.ts';
import type { Rights } from './access.ts';
import type { DocEntry } from './doc-entry.ts';
import type { Follower } from './follower.ts';
import { checkFacts, checkUpdate, gap } from './import-guard.ts';
import { isTrap } from './materialiser-jobs.ts';
import type { DocsOptions } from './options.ts';
import type { Outlet } from './outlet.ts';
import type { PeerLeases } from './peer-lease.ts';
import { PushRate } from './push-rate.ts';
import { type Push, PushTrials } from './push-trials.ts';
import type { Guards } from './repair.ts';
import type { UpdateFacts } from './update-facts.ts';

interface Deps {
  readonly entry: DocEntry;
  readonly leases: PeerLeases;
  readonly rights: Rights;
  readonly guards: Guards;
  readonly outlet: Outlet;
  /** Whose pushes these are. */
  readonly author: Follower;
  /** Names the connection in the log. */
  readonly session: string;
  /** Ends the channel. */
  readonly fail: (fault: Fault) => void;
}

const HARMFUL = 'an update of yours was harmful';

export class PushDesk {
  readonly #env: Env;
  readonly #deps: Deps;
  readonly #options: DocsOptions;
  readonly #rate: PushRate;
  readonly #trials: PushTrials;
  #lastPush = 0;
  #refusals = 0;
  #stalled = false;
  #closed = false;
  #outdated = false;
  #ackTimer: Cancel | undefined;
  /** Pushes whose durability is not told yet, by the flush that holds them: the last of each. */
  #unsettled: { n: number; mark: number }[] = [];
  /** Somebody waits for `#unsettled` to be empty. */
  #quiet: Deferred<void> | undefined;

  constructor(env: Env, deps: Deps, options: DocsOptions) {
    this.#env = env;
    this.#deps = deps;
    this.#options = options;
    this.#rate = new PushRate(env.clock, options);
    this.#trials = this.#makeTrials();
  }

  /** The client has edits that build on history that is gone: it must start over. [D6] */
  get outdated(): boolean {
    return this.#outdated;
  }

  /** The client has asked what there is: what it pushed and was not taken, it pushes again. */
  restart(): void {
    this.#trials.clear();
  }

  /** It has been told what there is. */
  welcome(): void {
    this.#stalled = false;
    this.#outdated = false;
  }

  take(n: number, bytes: Uint8Array): void {
    if (n <= this.#lastPush) throw new Fault('bad_message', 'pushes are numbered in growing order');
    this.#lastPush = n;
    if (this.#stalled) return;
    try {
      this.#rate.take(bytes.length);
      const { intake } = this.#deps.entry;
      const waits = bytes.length > 0 && (this.#mustTry() || intake.mustProve(bytes));
      if (this.#trials.busy || waits) this.#trials.add({ n, bytes });
      else this.#admit({ n, bytes }, undefined);
    } catch (error) {
      if (!isFault(error)) throw error;
      this.#refuse(n, error);
    }
  }

  /** Pushes marked up to here are durable. False: a later mark is waited for. */
  settled(mark: number): boolean {
    while (this.#unsettled.length > 0 && this.#unsettled[0]!.mark <= mark) {
      this.#deps.outlet.ack('durable', this.#unsettled.shift()!.n);
    }
    this.#deps.outlet.flushAcks();
    if (this.#unsettled.length > 0) return false;
    this.#quiet?.resolve();
    this.#quiet = undefined;
    return true;
  }

  /** Resolves when all that was received is durable, or when this is closed. */
  async quiet(): Promise<void> {
    if (this.#unsettled.length === 0) return;
    this.#quiet ??= deferred();
    await this.#quiet.promise;
  }

  close(): void {
    this.#closed = true;
    this.#trials.clear();
    this.#ackTimer?.();
    this.#quiet?.resolve();
  }

  /** `facts`: it was proved. Throws what the client is to be told. */
  #admit({ n, bytes }: Push, facts: UpdateFacts | undefined): void {
    const { intake } = this.#deps.entry;
    if (bytes.length > 0) {
      this.#check(bytes, facts);
      if (facts && intake.mustProve(bytes)) {
        intake.accept(bytes, facts, this.#deps.author);
      } else {
        const outcome = intake.import(bytes, this.#deps.author);
        if (outcome === 'trimmed') this.#outdated = true;
        if (outcome === 'trimmed' || outcome === 'pending') throw gap();
      }
    }
    this.#received(n);
  }

  #mustTry(): boolean {
    const { author, entry, guards } = this.#deps;
    return guards.suspects.mustTry(author.owner) || this.#options.tryFirst.includes(entry.ref.entity);
  }

  #makeTrials(): PushTrials {
    const { author, entry, guards } = this.#deps;
    const { intake } = entry;
    const inspect = (bytes: Uint8Array) =>
      this.#mustTry() ? guards.canary.inspect(bytes) : this.#facts(bytes);
    const check = (bytes: Uint8Array, facts: UpdateFacts) => this.#check(bytes, facts);
    const attempt = async (bytes: Uint8Array, facts: UpdateFacts) => {
      await entry.repair;
      let verdict = this.#mustTry() ? await guards.canary.trialOn(entry.base(), bytes) : 'fine';
      if (verdict === 'fine' && intake.mustProve(bytes)) verdict = await intake.prove(bytes, facts);
      if (verdict === 'gap' && !entry.reaches(NO_VERSIONS)) this.#outdated = true; // or so it may be
      if (verdict === 'base') entry.doubt(new Fault('internal', 'a trial failed on the document itself'));
      return verdict;
    };
    const passed = (push: Push, facts: UpdateFacts | undefined) => {
      try {
        this.#admit(push, facts);
      } catch (error) {
        intake.unwanted();
        this.#refuse(push.n, toFault(error));
      }
    };
    const unwanted = () => intake.unwanted();
    const failed = (n: number, fault: Fault, bad: 'trap' | 'refused' | null) => {
      if (bad) guards.suspects.strike(author.owner);
      if (bad === 'trap') this.#deps.fail(new Fault('forbidden', HARMFUL));
      else this.#refuse(n, fault);
    };
    const deps = { inspect, check, attempt, passed, unwanted, failed };
    return new PushTrials(deps, this.#options.maxUndurableBytes);
  }

  /** Throws what the client is to be told. */
  #check(bytes: Uint8Array, facts: UpdateFacts | undefined): void {
    const { author, entry, leases, rights } = this.#deps;
    const { maxUpdateBytes, maxUndurableBytes } = this.#options;
    // The client sends it again at once; by then the rows have been read. [P4]
    if (rights.doubtful) throw new Fault('stale_cursor', 'your rights are being asked again');
    if (rights.permission !== 'write') throw new Fault('forbidden', 'this document is read-only for you');
    if (bytes.length > maxUpdateBytes) throw new Fault('too_large', `over ${maxUpdateBytes} bytes`);
    if (entry.undurableBytes + bytes.length > maxUndurableBytes) {
      throw new Fault('overloaded', 'too much of this document waits to be stored');
    }
    const guard = { have: entry.received(), owns: (peer: PeerID) => leases.owns(author.owner, peer) };
    if (facts) return checkFacts(facts, guard);
    try {
      checkUpdate(bytes, guard);
    } catch (error) {
      this.#harmedBy(error);
      throw error;
    }
  }

  async #facts(bytes: Uint8Array): Promise<UpdateFacts> {
    const { maxUpdateBytes } = this.#options;
    if (bytes.length > maxUpdateBytes) throw new Fault('too_large', `over ${maxUpdateBytes} bytes`);
    try {
      return await this.#deps.entry.intake.facts(bytes);
    } catch (error) {
      this.#harmedBy(error);
      throw error;
    }
  }

  /** An update of this client may have trapped on this thread, before the document was touched. [D3] */
  #harmedBy(error: unknown): void {
    if (!isFault(error) || !isTrap(error.cause)) return;
    const { author, guards, fail } = this.#deps;
    guards.suspects.mainTrapped();
    guards.suspects.strike(author.owner);
    fail(new Fault('forbidden', HARMFUL));
  }

  #received(n: number): void {
    const { author, entry, outlet } = this.#deps;
    outlet.ack('received', n);
    const { mark } = entry;
    const last = this.#unsettled.at(-1);
    if (mark <= entry.settledMark) outlet.ack('durable', n);
    else if (last?.mark === mark) last.n = n;
    else this.#unsettled.push({ n, mark }); // at most two: the flush under way and the next
    entry.awaitMark(author);
    this.#ackTimer ??= this.#env.clock.after(this.#options.receivedMs, () => {
      this.#ackTimer = undefined;
      outlet.flushAcks();
    });
  }

  #refuse(n: number, fault: Fault): void {
    if (this.#closed) return; // the document ended with this push
    this.#stalled = true;
    this.#trials.clear();
    const { code } = fault;
    const { retry } = CODES[code];
    if (code !== 'stale_cursor') {
      const { session } = this.#deps;
      this.#env.log.warn('docs.push_refused', { session, code, message: fault.message });
    }
    if (retry === 'never' && ++this.#refusals > this.#options.maxRefusals) {
      return this.#deps.fail(new Fault('bad_message', 'too many refused updates'));
    }
    this.#deps.outlet.notice(encodeDown({ kind: 'refuse', n, code, retry }));
  }
}
