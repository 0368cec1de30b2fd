/**
 * Whose engine this is: the token, the session that it stands for, and the moments between two of them.
 * SyncEngine asks here before it connects and tells what the server says; it is told when to forget. [S8]
 *
 *   unknown --session of the token--> known --changeToken, online--> changing --session--> known
 *      ^------changeToken offline, connection lost while changing--------'
 */
import { Fault, isFault } from '../base/fault.ts';
import { canonicalJson } from '../base/json.ts';
import type { SessionInfo } from '../protocol/server-message.ts';
import { type LastSession, ownerOf } from './last-session.ts';
import type { TokenOption, TokenSource } from './token-source.ts';

/** Asks the server whom a token stands for. Throws Fault `unauthorized` for a refused token, `unavailable` offline. */
export type FetchSession = (token: string | null) => Promise<SessionInfo>;

export interface IdentityDeps {
  readonly tokens: TokenSource;
  readonly last: LastSession;
  readonly fetchSession: FetchSession;
}

/** `first`: nobody was known. `other`: another owner. `claims`: the same owner, another name or role. */
export type SessionChange = 'first' | 'other' | 'claims' | 'same';

export interface IdentityHost {
  /** The server has said who this is. Resolves when the owner's rows are loaded. */
  adopted(session: SessionInfo, change: SessionChange): Promise<void>;
  /** Nobody is known any more: hide everything. */
  forgotten(): void;
}

type State =
  | { name: 'unknown' }
  | { name: 'known'; session: SessionInfo }
  | { name: 'changing'; session: SessionInfo };

export class Identity {
  readonly #deps: IdentityDeps;
  readonly #host: IdentityHost;
  #state: State = { name: 'unknown' };
  /** The token of the present attempt or connection. */
  #token: string | null = null;
  /** Grows when the token is set: answers for an older one are void. */
  #generation = 0;
  /** Tokens presented to the connected server that it has not answered; only the last answer counts. */
  #unanswered = 0;

  constructor(deps: IdentityDeps, host: IdentityHost) {
    this.#deps = deps;
    this.#host = host;
  }

  get session(): SessionInfo | null {
    return this.#state.name === 'unknown' ? null : this.#state.session;
  }

  /** The token, if it is known without asking anybody. */
  get token(): string | null | undefined {
    return this.#deps.tokens.constant;
  }

  /** The token to connect with, once it is known whose it is. */
  async prepare(): Promise<string | null> {
    const generation = this.#generation;
    const token = await this.#deps.tokens.get();
    this.#check(generation);
    this.#token = token;
    if (this.#state.name === 'unknown') await this.#resolve(generation);
    return this.#token;
  }

  /** The server has said who this is, in `welcome` or `session`. */
  confirm(session: SessionInfo): Promise<void> {
    this.#unanswered = Math.max(0, this.#unanswered - 1);
    if (this.#unanswered > 0) return Promise.resolve();
    this.#deps.tokens.accept();
    this.#deps.last.save(session, this.#token);
    return this.#adopt(session);
  }

  refused(): void {
    this.#deps.tokens.refuse(this.#token);
  }

  /** False: it is the token already. Offline, the engine forgets; online, the server must say who it is now. */
  setToken(option: TokenOption, online: boolean): boolean {
    if (!this.#deps.tokens.set(option)) return false;
    this.#generation++;
    if (!online) this.#forget();
    return true;
  }

  /** Asks for the token to present to the connected server, which answers with `session`. */
  async renew(): Promise<string | null> {
    const generation = ++this.#generation;
    if (this.#state.name === 'known') this.#state = { ...this.#state, name: 'changing' };
    this.#deps.tokens.forget();
    const token = await this.#deps.tokens.get();
    this.#check(generation);
    this.#token = token;
    this.#unanswered++;
    return token;
  }

  /** The connection is gone; if it had not said whose the new token is, nobody knows. */
  lost(): void {
    this.#unanswered = 0;
    if (this.#state.name === 'changing') this.#forget();
  }

  async #resolve(generation: number): Promise<void> {
    const { last } = this.#deps;
    try {
      const session = await this.#fetch(generation);
      this.#check(generation);
      last.save(session, this.#token);
      await this.#adopt(session);
    } catch (error) {
      this.#check(generation);
      const known = isFault(error, 'unavailable') ? last.load(this.#token) : null;
      if (!known) throw error;
      await this.#adopt(known);
    }
    this.#check(generation);
  }

  /** A refused token is replaced once; if that is refused too, the connection backs off. */
  async #fetch(generation: number): Promise<SessionInfo> {
    const { tokens, fetchSession } = this.#deps;
    try {
      return await fetchSession(this.#token);
    } catch (error) {
      if (!isFault(error, 'unauthorized')) throw error;
      this.#check(generation);
      if (!tokens.refuse(this.#token)) throw error;
      this.#token = await tokens.get();
      this.#check(generation);
      return this.#fetch(generation);
    }
  }

  #adopt(session: SessionInfo): Promise<void> {
    const former = this.session;
    this.#state = { name: 'known', session };
    return this.#host.adopted(session, compare(former, session));
  }

  #forget(): void {
    if (this.#state.name === 'unknown') return;
    this.#state = { name: 'unknown' };
    this.#host.forgotten();
  }

  #check(generation: number): void {
    if (generation !== this.#generation) throw new Fault('cancelled', 'the token was changed meanwhile');
  }
}

function compare(former: SessionInfo | null, session: SessionInfo): SessionChange {
  if (!former) return 'first';
  if (ownerOf(former) !== ownerOf(session)) return 'other';
  return canonicalJson(former) === canonicalJson(session) ? 'same' : 'claims';
}
