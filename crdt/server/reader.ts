/**
 * One client on one document: the server's side of a channel. Parses what comes in, asks the policies, and
 * leaves what goes out to its outlet. Made by plugin.ts for each `open`.
 *
 *   opened --join--> joining --lease stored--> joined <--refusal / join, resync--> stalled
 *                                       any --closed by either side--> closed
 *
 * [D5] rights are asked at the join, at every push, and again when the row or the identity changes.
 * [D9] a push may hold operations of peers that are leased to this very identity, and no others.
 */
import type { PeerID } from 'loro-crdt';
import { CODES } from '../../src/base/codes.ts';
import { type Deferred, deferred } from '../../src/base/deferred.ts';
import type { Cancel, Env } from '../../src/base/env.ts';
import { Fault, isFault, toFault } from '../../src/base/fault.ts';
import type { Channel, ChannelHandler } from '../../src/plugin/channel.ts';
import { encodeDown, type JoinKind, type Permission } from '../core/down-frame.ts';
import { Assembler } from '../core/fragments.ts';
import { type DocUp, decodeUp, NO_WANTS, type Wants } from '../core/up-frame.ts';
import { decodeVersions, encodeVersions, NO_VERSIONS, type Versions } from '../core/versions.ts';
import { ownerOf, type Rights } from './access.ts';
import type { AwarenessBoard } from './awareness-board.ts';
import type { Arrival } from './devices.ts';
import type { DocEntry } from './doc-entry.ts';
import type { Follower, Own } from './follower.ts';
import type { HistoryDesk } from './history-desk.ts';
import { checkUpdate, gap } from './import-guard.ts';
import { isTrap } from './materialiser-jobs.ts';
import type { DocsOptions } from './options.ts';
import { Outlet } from './outlet.ts';
import { type Lease, NO_LEASE, type PeerLeases } from './peer-lease.ts';
import { PushRate } from './push-rate.ts';
import { PushTrials } from './push-trials.ts';
import type { Guards } from './repair.ts';
import type { Delta } from './replica.ts';

interface Deps {
  readonly channel: Channel;
  readonly rights: Rights;
  readonly entry: DocEntry;
  readonly leases: PeerLeases;
  readonly board: AwarenessBoard;
  readonly desk: HistoryDesk;
  readonly guards: Guards;
  /** The epoch as clients know it: that of the document within that of the database. [L5] */
  readonly epoch: string;
  /** Somebody has joined who may edit. */
  readonly arrived: (arrival: Arrival) => void;
  readonly left: (peer: bigint) => void;
  /** Lets the document go. */
  readonly release: Cancel;
}

type Join = Extract<DocUp, { kind: 'join' }>;
/** What a client said that it holds. */
type Claim = {
  readonly epoch: string;
  readonly versions: Versions;
  readonly lease: bigint;
  readonly wants: Wants;
};
type State =
  | { name: 'opened' }
  | { name: 'joining'; claim: Claim; again: boolean }
  /** `stalled`: a push was refused; the following ones build on it and are ignored. */
  | { name: 'joined'; permission: Permission; lease: Lease; stalled: boolean }
  | { name: 'closed' };

/** Beside a push no other frame is large; two may overlap when a page restarts its document. */
const MAX_STREAMS = 2;
const HARMFUL = 'an update of yours was harmful';
const NO_BYTES = new Uint8Array(0);
/** Room for the header of a fragmented frame. */
const HEADER_BYTES = 1024;

export class DocReader implements ChannelHandler, Follower {
  readonly info = null;
  readonly #env: Env;
  readonly #deps: Deps;
  readonly #options: DocsOptions;
  readonly #owner: string;
  readonly #outlet: Outlet;
  readonly #assembler: Assembler;
  readonly #seat: number;
  readonly #cleanups: Cancel[];
  #state: State = { name: 'opened' };
  #lastPush = 0;
  #refusals = 0;
  /** It has edits that build on history that is gone: it must start over. [D6] */
  #outdated = false;
  #ackTimer: Cancel | undefined;
  readonly #rate: PushRate;
  readonly #trials: PushTrials;
  /** Pushes whose durability is not told yet, by the flush that holds them: the last of each. */
  #unsettled: { n: number; mark: number }[] = [];
  /** A join waits for `#unsettled` to be empty. */
  #quiet: Deferred<void> | undefined;

  constructor(env: Env, deps: Deps, options: DocsOptions) {
    this.#env = env;
    this.#deps = deps;
    this.#options = options;
    const { channel, entry, board, release } = deps;
    this.#owner = ownerOf(channel.session.viewer);
    this.#rate = new PushRate(env.clock, options);
    this.#trials = this.#makeTrials();
    this.#assembler = new Assembler({
      maxBytes: options.maxUpdateBytes + HEADER_BYTES,
      maxStreams: MAX_STREAMS,
    });
    this.#seat = board.enter((frame) => this.#outlet.awareness(frame));
    this.#outlet = new Outlet({
      source: entry.told,
      send: (payload) => channel.send(payload, 'docs'),
      fail: (fault) => this.#fail(fault),
      caughtUp: () => board.resend(this.#seat),
    });
    this.#cleanups = [
      entry.follow(this),
      channel.session.onViewer(() => this.rowChanged()),
      () => board.leave(this.#seat),
      release,
    ];
  }

  frame(payload: Uint8Array): void {
    if (this.#state.name === 'closed') return;
    const frame = decodeUp(payload);
    if (frame.kind !== 'fragment') return this.#take(frame);
    const whole = this.#assembler.add(frame);
    if (!whole) return;
    const inner = decodeUp(whole);
    if (inner.kind === 'fragment') throw new Fault('bad_message', 'a fragment within fragments');
    this.#take(inner);
  }

  get owner(): string {
    return this.#owner;
  }

  get peer(): PeerID | null {
    return this.#state.name === 'joined' ? (`${this.#state.lease.peer}` as PeerID) : null;
  }

  drained(): void {
    try {
      this.#outlet.drained();
    } catch (error) {
      this.#fail(toFault(error)); // the document is being mended
    }
  }

  closed(): void {
    if (this.#state.name === 'closed') return;
    if (this.#state.name === 'joined' && this.#state.lease.peer !== 0n)
      this.#deps.left(this.#state.lease.peer);
    this.#state = { name: 'closed' };
    this.#outlet.close();
    this.#trials.clear();
    this.#assembler.clear();
    this.#ackTimer?.();
    this.#quiet?.resolve();
    for (const cleanup of this.#cleanups) cleanup();
  }

  updated({ frame, before, own }: { frame: Uint8Array; before: Versions; own: Own | null }): void {
    this.#outlet.update(own ? encodeDown({ kind: 'update', ...own, bytes: NO_BYTES }) : frame, before);
  }

  settled(mark: number): boolean {
    while (this.#unsettled.length > 0 && this.#unsettled[0]!.mark <= mark) {
      this.#outlet.ack('durable', this.#unsettled.shift()!.n);
    }
    this.#outlet.flushAcks();
    if (this.#unsettled.length > 0) return false;
    this.#quiet?.resolve();
    this.#quiet = undefined;
    return true;
  }

  rowChanged(): void {
    const { rights } = this.#deps;
    if (!rights.needRows) return this.#checkRights();
    rights.learn().then(
      () => this.#checkRights(),
      (error) => this.#fail(toFault(error)),
    );
  }

  rightsChanged(): void {
    this.#deps.rights.doubt();
    this.rowChanged();
  }

  ended(fault: Fault): void {
    this.#fail(fault);
  }

  #take(frame: Exclude<DocUp, { kind: 'fragment' }>): void {
    switch (frame.kind) {
      case 'join':
        return this.#join(frame);
      case 'resync':
        return this.#resync(decodeVersions(frame.vv));
      case 'push':
        return this.#push(frame.n, frame.bytes);
      case 'ask':
        return void this.#ask(frame.id, frame.json);
      case 'awareness':
        return this.#deps.board.show(this.#seat, this.#deps.channel.session.viewer, frame.state);
    }
  }

  #join({ lease, wants, epoch, vv }: Join): void {
    const claim = { epoch, versions: decodeVersions(vv), lease, wants };
    if (this.#state.name === 'joining') {
      this.#state = { name: 'joining', claim, again: true }; // only the last one is answered
      return;
    }
    this.#trials.clear();
    this.#state = { name: 'joining', claim, again: false };
    void this.#leaseAndAnswer();
  }

  async #leaseAndAnswer(): Promise<void> {
    while (this.#state.name === 'joining') {
      const { claim } = this.#state;
      this.#state.again = false;
      try {
        const { rights } = this.#deps;
        if (rights.needRows) await rights.learn();
        const { permission } = rights;
        if (!permission) throw new Fault('not_found', 'no such document');
        const wish = { owner: this.#owner, wanted: claim.lease, spare: claim.wants.spare };
        const lease = permission === 'write' ? await this.#deps.leases.lease(wish) : NO_LEASE;
        await this.#deps.entry.repair;
        await this.#settled();
        // What it starts over with holds all that it has sent, also on an earlier channel: it makes the rest anew.
        if (claim.epoch === this.#deps.epoch && !this.#fits(claim)) await this.#deps.entry.committed();
        if (this.#state.name !== 'joining') return; // closed meanwhile
        if (this.#state.again) continue;
        this.#state = { name: 'joined', permission, lease, stalled: false };
        this.#answer(claim);
        this.#checkRights(); // they may have changed while the lease was stored
      } catch (error) {
        if (!isFault(error)) this.#env.log.error('docs.join_failed', { error: String(error) });
        this.#fail(toFault(error));
      }
    }
  }

  /**
   * A page that joins anew keeps its peer id, and may have forgotten its edits: what was received of them must be in
   * the answer, or its next ones get names that are taken. [D9]
   */
  async #settled(): Promise<void> {
    if (this.#unsettled.length === 0) return;
    this.#quiet ??= deferred();
    await this.#quiet.promise;
    await this.#deps.entry.repair;
  }

  #resync(versions: Versions): void {
    if (this.#state.name === 'joining') return; // its answer is on the way
    if (this.#state.name !== 'joined') throw new Fault('bad_message', 'join first');
    const { repair } = this.#deps.entry;
    if (repair) {
      const again = () => this.#state.name === 'joined' && this.#resync(versions);
      repair.then(again).catch((error) => this.#fail(toFault(error)));
      return;
    }
    this.#trials.clear();
    const { lease } = this.#state;
    const claim = { epoch: this.#deps.epoch, versions, lease: lease.peer, wants: NO_WANTS };
    if (!this.#fits(claim)) {
      this.#state = { name: 'joining', claim, again: false };
      void this.#leaseAndAnswer();
      return;
    }
    this.#state.stalled = false;
    this.#state.lease = { ...lease, spare: 0n }; // given away already
    this.#answer(claim);
  }

  /** False: what it has is of another life of the document, or older than what is left of it. */
  #fits({ epoch, versions }: Claim): boolean {
    if (this.#outdated) return false;
    if (versions.size === 0) return epoch === '' || epoch === this.#deps.epoch;
    return epoch === this.#deps.epoch && this.#deps.entry.reaches(versions);
  }

  #answer(claim: Claim): void {
    const { entry, epoch } = this.#deps;
    if (this.#state.name !== 'joined') return;
    const { permission, lease } = this.#state;
    entry.tell(); // what this client may know of by its acks
    const fits = this.#fits(claim);
    const from = fits ? claim.versions : NO_VERSIONS;
    this.#outdated = false;
    const snapshot = from.size === 0 ? this.#snapshot(claim.wants) : null;
    const { rev, durable } = entry.told;
    const update = entry.told.since(snapshot?.versions ?? from);
    const mode: JoinKind = !fits ? 'reset' : snapshot ? snapshot.mode : update ? 'delta' : 'none';
    const [bytes, tail] = snapshot ? [snapshot.bytes, update ?? NO_BYTES] : [update ?? NO_BYTES, NO_BYTES];
    const vv = encodeVersions(durable);
    this.#outlet.begin(
      encodeDown({ kind: 'joined', permission, epoch, rev, ...lease, vv, mode, bytes, tail }),
      durable,
    );
    if (permission === 'write')
      this.#deps.arrived({ epoch: entry.epoch, lease, durable, claim: from.size > 0 ? from : null });
  }

  /** What imports faster than updates, if there is such a thing. */
  #snapshot({ lazy }: Wants): (Delta & { mode: JoinKind }) | null {
    const { entry } = this.#deps;
    if (entry.opCount < this.#options.snapshotOps && entry.reaches(NO_VERSIONS)) return null;
    const shallow = lazy ? entry.snapshot('shallow') : null;
    if (shallow) return { ...shallow, mode: 'shallow' };
    const full = entry.snapshot('full');
    return full && { ...full, mode: 'snapshot' };
  }

  async #ask(id: number, question: string): Promise<void> {
    const { desk, rights } = this.#deps;
    const permission = async () => {
      if (rights.doubtful) await rights.learn();
      return rights.permission;
    };
    const told = await desk.answer(question, { owner: this.#owner, permission, owed: this.#outlet.owed });
    this.#outlet.answer(encodeDown({ kind: 'told', id, ...told }));
  }

  #push(n: number, bytes: Uint8Array): void {
    if (this.#state.name === 'joining') return; // sent before the client asked to join anew
    if (this.#state.name !== 'joined') throw new Fault('bad_message', 'join first');
    if (n <= this.#lastPush) throw new Fault('bad_message', 'pushes are numbered in growing order');
    this.#lastPush = n;
    if (this.#state.stalled) return;
    try {
      this.#rate.take(bytes.length);
      if (this.#trials.busy || (bytes.length > 0 && this.#mustTry())) this.#trials.add({ n, bytes });
      else this.#admit({ n, bytes });
    } catch (error) {
      if (!isFault(error)) throw error;
      this.#refuse(n, error);
    }
  }

  /** Throws what the client is to be told. */
  #admit({ n, bytes }: { n: number; bytes: Uint8Array }): void {
    if (bytes.length > 0) {
      this.#check(bytes);
      const outcome = this.#deps.entry.import(bytes, this);
      if (outcome === 'trimmed') this.#outdated = true;
      if (outcome === 'trimmed' || outcome === 'pending') throw gap();
    }
    this.#received(n);
  }

  #mustTry(): boolean {
    const { entry, guards } = this.#deps;
    return guards.suspects.mustTry(this.#owner) || this.#options.tryFirst.includes(entry.ref.entity);
  }

  #makeTrials(): PushTrials {
    const { entry, guards } = this.#deps;
    const inspect = (bytes: Uint8Array) => guards.canary.inspect(bytes);
    const check = (bytes: Uint8Array) => this.#check(bytes);
    const attempt = async (bytes: Uint8Array) => {
      await entry.repair;
      const verdict = await guards.canary.trialOn(entry.base(), bytes);
      if (verdict === 'gap' && !entry.reaches(NO_VERSIONS)) this.#outdated = true; // or so it may be
      if (verdict === 'base') entry.doubt(new Fault('internal', 'a trial failed on the document itself'));
      return verdict;
    };
    const passed = (push: { n: number; bytes: Uint8Array }) => {
      try {
        this.#admit(push);
      } catch (error) {
        this.#refuse(push.n, toFault(error));
      }
    };
    const failed = (n: number, fault: Fault, bad: 'trap' | 'refused' | null) => {
      if (bad) guards.suspects.strike(this.#owner);
      if (bad === 'trap') this.#fail(new Fault('forbidden', HARMFUL));
      else this.#refuse(n, fault);
    };
    return new PushTrials({ inspect, check, attempt, passed, failed }, this.#options.maxUndurableBytes);
  }

  /** Throws what the client is to be told. */
  #check(bytes: Uint8Array): void {
    const { entry, leases, rights } = this.#deps;
    const { maxUpdateBytes, maxUndurableBytes } = this.#options;
    // The client sends it again at once; by then the rows have been read. [P4]
    if (rights.doubtful) throw new Fault('stale_cursor', 'your rights are being asked again');
    if (rights.permission !== 'write') throw new Fault('forbidden', 'this document is read-only for you');
    if (bytes.length > maxUpdateBytes) throw new Fault('too_large', `over ${maxUpdateBytes} bytes`);
    if (entry.undurableBytes + bytes.length > maxUndurableBytes) {
      throw new Fault('overloaded', 'too much of this document waits to be stored');
    }
    try {
      checkUpdate(bytes, { have: entry.received(), owns: (peer) => leases.owns(this.#owner, peer) });
    } catch (error) {
      if (isFault(error) && isTrap(error.cause)) this.#harmed();
      throw error;
    }
  }

  /** An update of this client trapped on this thread, before the document was touched. [D3] */
  #harmed(): void {
    const { suspects } = this.#deps.guards;
    suspects.mainTrapped();
    suspects.strike(this.#owner);
    this.#fail(new Fault('forbidden', HARMFUL));
  }

  #received(n: number): void {
    const { entry } = this.#deps;
    this.#outlet.ack('received', n);
    const { mark } = entry;
    const last = this.#unsettled.at(-1);
    if (mark <= entry.settledMark) this.#outlet.ack('durable', n);
    else if (last?.mark === mark) last.n = n;
    else this.#unsettled.push({ n, mark }); // at most two: the flush under way and the next
    entry.awaitMark(this);
    this.#ackTimer ??= this.#env.clock.after(this.#options.receivedMs, () => {
      this.#ackTimer = undefined;
      this.#outlet.flushAcks();
    });
  }

  #refuse(n: number, fault: Fault): void {
    if (this.#state.name !== 'joined') return; // the document ended with this push
    this.#state.stalled = true;
    this.#trials.clear();
    const { code } = fault;
    const { retry } = CODES[code];
    if (code !== 'stale_cursor') {
      this.#env.log.warn('docs.push_refused', {
        session: this.#deps.channel.session.id,
        code,
        message: fault.message,
      });
    }
    if (retry === 'never' && ++this.#refusals > this.#options.maxRefusals) {
      return this.#fail(new Fault('bad_message', 'too many refused updates'));
    }
    this.#outlet.notice(encodeDown({ kind: 'refuse', n, code, retry }));
  }

  #checkRights(): void {
    if (this.#state.name === 'closed') return;
    if (ownerOf(this.#deps.channel.session.viewer) !== this.#owner) {
      return this.#fail(new Fault('unauthorized', 'the identity changed'));
    }
    const { permission } = this.#deps.rights;
    if (!permission) return this.#fail(new Fault('forbidden', 'this document is no longer yours to read'));
    if (this.#state.name !== 'joined' || this.#state.permission === permission) return;
    this.#state.permission = permission;
    this.#outlet.notice(encodeDown({ kind: 'permission', permission }));
  }

  #fail(fault: Fault): void {
    if (this.#state.name === 'closed') return;
    this.closed();
    this.#deps.channel.close(fault);
  }
}
