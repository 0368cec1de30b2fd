/** The doors to functions, each as `call(as, name, args)` that answers `ok` or a code. For functions.test.ts. */

import { WebSocket } from 'ws';
import type { Json } from '../../src/base/json.ts';
import type { Plugin } from '../../src/plugin/plugin.ts';
import { ANONYMOUS, type Viewer } from '../../src/policy/viewer.ts';
import { PROTOCOL } from '../../src/protocol/version.ts';

export type Caller = 'nobody' | 'guest' | 'user' | 'admin';
export type Door = (as: Caller, name: string, args: Json) => Promise<string>;

const VIEWERS: Record<Caller, Viewer> = {
  nobody: ANONYMOUS,
  guest: { userId: 'g', kind: 'guest', roles: [], name: null },
  user: { userId: 'u', kind: 'user', roles: [], name: null },
  admin: { userId: 'a', kind: 'user', roles: ['admin'], name: null },
};
export const CALLERS = Object.keys(VIEWERS) as Caller[];

/** A token is the name of the caller. */
export const callers: Plugin = {
  name: 'callers',
  create: () => ({
    authenticator: { authenticate: async (token) => VIEWERS[(token ?? 'nobody') as Caller] },
  }),
};

/** `POST /api/fn/<name>` */
export function httpDoor(url: string): Door {
  return async (as, name, args) => {
    const headers: Record<string, string> = as === 'nobody' ? {} : { authorization: `Bearer ${as}` };
    const response = await fetch(`${url}/api/fn/${name}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(args),
    });
    const answer = await response.json();
    return response.ok ? 'ok' : answer.error.code;
  };
}

/** `call` on a socket, one connection for each call. */
export function socketDoor(url: string): Door {
  return async (as, name, args) => {
    const socket = await openSocket(url, as);
    socket.say({ t: 'call', id: 1, fn: name, args });
    const { ok, error } = await socket.heard('result');
    socket.end();
    return ok ? 'ok' : error.code;
  };
}

/** `watch` on a socket. */
export function watchDoor(url: string): Door {
  return async (as, name, args) => {
    const socket = await openSocket(url, as);
    const { answer, error } = await watchOnce(socket, { fn: name, args });
    socket.end();
    return error?.code ?? (answer ? 'ok' : 'nothing');
  };
}

/** The first that is heard of a watched query. */
export async function watchOnce(
  socket: Awaited<ReturnType<typeof openSocket>>,
  query: { fn: string; args: Json },
): Promise<{ answer?: { value: Json }; error?: { code: string } }> {
  socket.say({ t: 'watch', id: 1, ...query });
  return Promise.race([
    socket.heard('dropped'),
    socket.heard('answer').then((message) => {
      const [answer] = (message as unknown as { answers: [{ value: Json; error?: { code: string } }] })
        .answers;
      return { answer, ...(answer.error && { error: answer.error }) };
    }),
  ]);
}

/** `ctx.runQuery` or `ctx.runMutation`, by an action that calls what it is told. */
export function innerDoor(http: Door, relay: string): Door {
  return (as, name, args) => http(as, relay, { name, args });
}

/** A connection that has said hello. */
export async function openSocket(url: string, as: Caller) {
  const bearer = as === 'nobody' ? [] : [`bearer.${as}`];
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, ['ternion.6', ...bearer]);
  const messages: { t: string; ok?: boolean; error?: unknown }[] = [];
  const waiting = new Set<() => void>();
  socket.on('message', (data, binary) => {
    if (binary) return;
    messages.push(JSON.parse(String(data)));
    for (const wake of [...waiting]) wake();
  });
  const heard = async (t: string) => {
    for (;;) {
      const at = messages.findIndex((message) => message.t === t);
      if (at >= 0) return messages.splice(at, 1)[0] as { ok: boolean; error: { code: string } };
      await new Promise<void>((resolve) => waiting.add(resolve));
      waiting.clear();
    }
  };
  await new Promise((resolve) => socket.once('open', resolve));
  const say = (message: object) => socket.send(JSON.stringify(message));
  say({ t: 'hello', protocol: PROTOCOL, client: 'c', schema: '', cursor: null });
  await heard('welcome');
  return { say, heard, end: () => socket.terminate() };
}
