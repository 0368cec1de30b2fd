/**
 * Accounts, their first part: guests. `POST /api/auth/guest { name? }` gives a signed token and a new user
 * id; `GET /api/auth/me` tells whose token it is. The signing secret is a setting or is made once and kept
 * in the database, so that tokens outlive restarts.
 */
import type { Env } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import { newId } from '../base/id.ts';
import { parseShape, s } from '../base/shape.ts';
import type { Authenticator } from '../plugin/authenticator.ts';
import type { Plugin, PluginInstance } from '../plugin/plugin.ts';
import type { Route } from '../plugin/route.ts';
import type { Services } from '../plugin/services.ts';
import { sessionInfoOf } from '../plugin/session.ts';
import { ANONYMOUS, type Viewer } from '../policy/viewer.ts';
import type { Store } from '../store/store.ts';
import { signToken, verifyToken } from './token.ts';

export interface AuthOptions {
  /** Signs tokens; at least 32 characters. Default: made at the first start and kept in the database. */
  secret?: string;
  /** How long a guest's token is valid. */
  guestDays?: number;
}

const MIN_SECRET_CHARS = 32;
const DEFAULT_GUEST_DAYS = 30;
const DAY_MS = 24 * 3600 * 1000;
const guestRequest = s.object({ name: s.optional(s.string(64)) });

export function auth(options: AuthOptions = {}): Plugin {
  if (options.secret !== undefined && options.secret.length < MIN_SECRET_CHARS) {
    throw new Fault('invalid', `auth: the secret must have at least ${MIN_SECRET_CHARS} characters`);
  }
  return { name: 'auth', create: (services) => new Auth(services, options) };
}

class Auth implements PluginInstance {
  readonly tables = [
    'CREATE TABLE IF NOT EXISTS _auth_secret (id INTEGER PRIMARY KEY, secret BLOB NOT NULL) STRICT',
  ];
  readonly routes: readonly Route[];
  readonly authenticator: Authenticator;
  readonly #env: Env;
  readonly #store: Store;
  readonly #guestDays: number;
  #secret: Uint8Array | undefined;

  constructor({ env, store }: Services, options: AuthOptions) {
    this.#env = env;
    this.#store = store;
    this.#guestDays = options.guestDays ?? DEFAULT_GUEST_DAYS;
    if (options.secret !== undefined) this.#secret = Buffer.from(options.secret, 'utf8');
    this.authenticator = { authenticate: async (token) => this.#viewer(token) };
    this.routes = [
      { method: 'POST', path: '/api/auth/guest', handle: (request) => this.#guest(request) },
      {
        method: 'GET',
        path: '/api/auth/me',
        handle: (_, { viewer }) => Response.json({ session: sessionInfoOf(viewer) }),
      },
    ];
  }

  async start(): Promise<void> {
    if (this.#secret) return;
    const fresh = this.#env.random.fill(new Uint8Array(32));
    const { value } = await this.#store.write(async ({ tx }) => {
      await tx.run('INSERT OR IGNORE INTO _auth_secret (id, secret) VALUES (1, ?)', [fresh]);
      return tx.all('SELECT secret FROM _auth_secret WHERE id = 1');
    });
    this.#secret = value[0]?.secret as Uint8Array;
  }

  async #guest(request: Request): Promise<Response> {
    const body: unknown = await request.json().catch(() => {
      throw new Fault('invalid', 'the body must be JSON');
    });
    const { name = null } = parseShape(guestRequest, body, 'body');
    const viewer: Viewer = { userId: newId(this.#env), kind: 'guest', roles: [], name };
    const exp = this.#env.clock.now() + this.#guestDays * DAY_MS;
    const token = signToken({ sub: viewer.userId!, name, kind: 'guest', exp }, this.#key());
    return Response.json({ token, session: sessionInfoOf(viewer) });
  }

  #viewer(token: string | null): Viewer {
    if (token === null) return ANONYMOUS;
    const { sub, kind, name } = verifyToken(token, this.#key(), this.#env.clock.now());
    return { userId: sub, kind, name, roles: [] };
  }

  #key(): Uint8Array {
    if (!this.#secret) throw new Fault('unavailable', 'the server has not started');
    return this.#secret;
  }
}
