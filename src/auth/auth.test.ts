import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defineApp } from '../plugin/define-app.ts';
import { ANONYMOUS } from '../policy/viewer.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { Host } from '../server/host.ts';
import type { SimClock } from '../testing/sim-clock.ts';
import { simEnv } from '../testing/sim-env.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { auth } from './plugin.ts';
import { signToken, verifyToken } from './token.ts';

const secret = Buffer.from('a secret of at least thirty-two characters');
const claims = { sub: 'u1', name: null, kind: 'guest' as const, exp: 1000 };

describe('tokens', () => {
  test('say who signed in, until they expire', () => {
    const token = signToken(claims, secret);
    expect(verifyToken(token, secret, 999)).toEqual(claims);
    expect(() => verifyToken(token, secret, 1000)).toThrow('bad or expired token');
  });

  test('[P5] any changed character is refused', () => {
    const token = signToken(claims, secret);
    for (let i = 0; i < token.length - 1; i++) {
      const changed = `${token.slice(0, i)}${token[i] === 'A' ? 'B' : 'A'}${token.slice(i + 1)}`;
      expect(() => verifyToken(changed, secret, 0)).toThrow('bad or expired token');
    }
  });

  test.each(['', '.', 't1.', 't1..', 'x'.repeat(2000), signToken(claims, Buffer.from('another'))])(
    '[P5] %j is refused',
    (token) => {
      expect(() => verifyToken(token, secret, 0)).toThrow('bad or expired token');
    },
  );
});

describe('guests', () => {
  let database: TempDatabase;
  const lines: string[] = [];
  beforeEach(() => {
    database = new TempDatabase();
  });
  afterEach(() => database.remove());

  async function host(options = {}): Promise<Host> {
    const log = (event: string, fields: object = {}) => void lines.push(`${event} ${JSON.stringify(fields)}`);
    const env = simEnv(1, { debug: log, info: log, warn: log, error: log });
    const app = defineApp({ schema: defineSchema({ entities: [] }), plugins: [auth(options)] });
    const started = new Host(app, env, { drivers: database.open() });
    await env.clock.run(started.start());
    return started;
  }

  function route(subject: Host, path: string, body?: string) {
    const found = subject.routes.find((r) => r.path === path)!;
    const request = new Request(`http://x${path}`, body === undefined ? {} : { method: 'POST', body });
    return found.handle(request, { viewer: ANONYMOUS, param: () => '', address: '' });
  }

  test('get a token that names them, also after a restart of the server', async () => {
    const first = await host();
    const { token, session } = await (await route(first, '/api/auth/guest', '{"name":"Ada"}')).json();
    expect(session).toMatchObject({ kind: 'guest', name: 'Ada', roles: [] });
    await (first.env.clock as SimClock).run(first.store.close());
    const second = await host();
    expect(await second.authenticator.authenticate(token)).toEqual(session);
    expect(await second.authenticator.authenticate(null)).toEqual(ANONYMOUS);
    await expect(second.authenticator.authenticate(`${token}x`)).rejects.toMatchObject({
      code: 'unauthorized',
    });
  });

  test.each(['', 'no json', '{"name":7}', `{"name":"${'x'.repeat(65)}"}`, '{"admin":true}', '[]'])(
    'the body %j is refused',
    async (body) => {
      const subject = await host();
      await expect(route(subject, '/api/auth/guest', body)).rejects.toMatchObject({ code: 'invalid' });
    },
  );

  test('[P5] no token and no secret is ever logged', async () => {
    const subject = await host({ secret: 'x'.repeat(32) });
    const { token } = await (await route(subject, '/api/auth/guest', '{}')).json();
    await subject.authenticator.authenticate(`${token}1`).catch(() => {});
    expect(lines.join()).not.toContain(token);
    expect(lines.join()).not.toContain('x'.repeat(32));
  });

  test('a short secret is refused', () => {
    expect(() => auth({ secret: 'x'.repeat(31) })).toThrow('at least 32');
  });
});
