import { afterEach, expect, test, vi } from 'vitest';
import { fetchSession, guestToken } from './guest-session.ts';
import { createWriteThroughStorage } from './storage.ts';
import { user } from './testing/fake-server.ts';

const URL_OF_SERVER = 'http://example.test:4321';

function answer(...answers: [status: number, body: unknown][]) {
  const requests: { url: string; init: RequestInit }[] = [];
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    requests.push({ url, init });
    const [status, body] = answers.shift() ?? [500, 'not json'];
    return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });
  });
  return requests;
}

afterEach(() => vi.unstubAllGlobals());

test('a guest is made once, and comes back with the stored token', async () => {
  const storage = createWriteThroughStorage();
  const requests = answer(
    [200, { token: 't1', session: user('g') }],
    [200, { token: 't2', session: user('h') }],
  );
  expect(await guestToken(URL_OF_SERVER, { storage, name: 'Ann' })).toBe('t1');
  expect(await guestToken(URL_OF_SERVER, { storage, name: 'Ann' })).toBe('t1');
  expect(requests).toHaveLength(1);
  expect(requests[0]).toMatchObject({
    url: `${URL_OF_SERVER}/api/auth/guest`,
    init: { method: 'POST', body: '{"name":"Ann"}' },
  });
  expect(await guestToken(URL_OF_SERVER, { storage, refused: 't1' })).toBe('t2');
});

test('the token travels in a header, and the answer is checked', async () => {
  const requests = answer([200, { session: user('ann') }], [200, { hello: 1 }]);
  expect(await fetchSession(URL_OF_SERVER, 'secret')).toEqual(user('ann'));
  expect(requests[0]?.url).toBe(`${URL_OF_SERVER}/api/auth/me`);
  expect(requests[0]?.init.headers).toMatchObject({ authorization: 'Bearer secret' });
  await expect(fetchSession(URL_OF_SERVER, null)).rejects.toMatchObject({ code: 'invalid' });
  expect(requests[1]?.init.headers).not.toHaveProperty('authorization');
});

test('errors of the server keep their code; no answer is `unavailable`', async () => {
  answer(
    [401, { error: { code: 'unauthorized', message: 'expired' } }],
    [401, {}],
    [502, '<html>'],
    [404, {}],
  );
  await expect(fetchSession(URL_OF_SERVER, 't')).rejects.toMatchObject({
    code: 'unauthorized',
    message: 'expired',
  });
  await expect(fetchSession(URL_OF_SERVER, 't')).rejects.toMatchObject({ code: 'unauthorized' });
  await expect(fetchSession(URL_OF_SERVER, 't')).rejects.toMatchObject({ code: 'unavailable' });
  await expect(fetchSession(URL_OF_SERVER, 't')).rejects.toMatchObject({ code: 'unavailable' });
});
