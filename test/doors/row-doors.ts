/** The doors to rows that are not functions: REST, the replica, pushes, documents. For rows.test.ts. */
import { LoroDoc, type PeerID } from 'loro-crdt';
import { WebSocket } from 'ws';
import { decodeDown, encodeUp, NO_WANTS } from '../../crdt/core/index.ts';
import { encodeVersions } from '../../crdt/core/versions.ts';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.ts';
import { offerSubprotocols } from '../../src/protocol/handshake.ts';
import { PROTOCOL } from '../../src/protocol/version.ts';
import { type Caller, openSocket } from './function-doors.ts';

/** Whether this caller sees the row. */
export type ReadDoor = (as: Caller, id: string) => Promise<boolean>;
/** `ok` or a code. */
export type WriteDoor = (as: Caller, id: string) => Promise<string>;

export async function send(url: string, as: Caller, init: RequestInit = {}) {
  const headers = new Headers(init.headers);
  if (as !== 'nobody') headers.set('authorization', `Bearer ${as}`);
  const response = await fetch(url, { ...init, headers });
  const body = await response.json();
  return { status: response.status, body, code: response.ok ? 'ok' : String(body.error.code) };
}

const rowOf = (id: string) => ({ ownerId: 'u', boxId: id, open: false });

export function restDoors(server: string): {
  reads: Record<string, ReadDoor>;
  writes: Record<string, WriteDoor>;
} {
  const url = `${server}/api/entities/Note`;
  const call = async (as: Caller, path: string, init: RequestInit) => (await send(url + path, as, init)).code;
  return {
    reads: {
      'GET /api/entities/:entity': async (as, id) => {
        const { body } = await send(`${url}?where=${encodeURIComponent(JSON.stringify({ id }))}`, as);
        return body.rows.length === 1;
      },
      'GET /api/entities/:entity/:id': async (as, id) => {
        const { body, code } = await send(`${url}/${id}`, as);
        if (code !== 'ok' && code !== 'not_found') throw new Error(code);
        return body.row?.id === id;
      },
    },
    writes: {
      'POST /api/entities/:entity': (as, id) =>
        call(as, '', { method: 'POST', body: JSON.stringify({ id, ...rowOf(id) }) }),
      'PATCH /api/entities/:entity/:id': (as, id) =>
        call(as, `/${id}`, { method: 'PATCH', body: '{"title":"new"}' }),
      'DELETE /api/entities/:entity/:id': (as, id) => call(as, `/${id}`, { method: 'DELETE' }),
    },
  };
}

/** A copy, or a push, without a connection. */
export function syncDoors(server: string): { reads: Record<string, ReadDoor>; push: WriteDoor } {
  const url = `${server}/api/sync`;
  return {
    reads: {
      'GET /api/sync/pull': async (as, id) => {
        const { body } = await send(
          `${url}/pull?entities=Note&after=${encodeURIComponent(`Note:${before(id)}`)}`,
          as,
        );
        const rows: { row_id: string; data: object }[] = body.copy.rows;
        for (const { data } of rows) if ('secret' in data) throw new Error('a secret');
        return rows.some(({ row_id }) => row_id === id);
      },
    },
    push: async (as, id) => {
      const op = { op_id: `http-${as}-${id}`, entity: 'Note', row_id: id, kind: 'insert', data: rowOf(id) };
      const headers = { 'content-type': 'application/json' };
      const init = { method: 'POST', body: JSON.stringify({ ops: [op] }), headers };
      const { body } = await send(`${url}/push`, as, init);
      return body.outcomes[0].error?.code ?? 'ok';
    },
  };
}

/** A text just before `id` in order: a copy of all rows has many pages. */
function before(id: string): string {
  return id.slice(0, -1);
}

/** The pages of a fresh replica whose frames come by requests. */
export function pollDoor(server: string): ReadDoor {
  return async (as, id) => {
    const ask = async (path: string, body: object) => {
      const init = {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      };
      return (await send(`${server}/api/sync/${path}`, as, init)).body;
    };
    const { key } = await ask('pull', { ack: 0, wait_ms: 0 });
    const hello = { t: 'hello', protocol: PROTOCOL, client: 'c', schema: '', cursor: null };
    await ask('push', { key, n: 1, frames: [JSON.stringify(hello)] });
    for (let ack = 0, seen = false; ; ) {
      const { to, frames } = await ask('pull', { key, ack, wait_ms: 1000 });
      ack = to;
      for (const frame of frames.map((text: string) => JSON.parse(text))) {
        if (frame.t !== 'page') continue;
        seen ||= frame.entity === 'Note' && frame.rows.some((row: { row_id: string }) => row.row_id === id);
        if (!frame.last) continue;
        await ask('push', { key, n: 2, frames: [], close: true });
        return seen;
      }
    }
  };
}

export interface PageMessage {
  entity: string | null;
  rows: { row_id: string }[];
  last: boolean;
}

/** The pages of a fresh replica. */
export function replicaDoor(url: string): ReadDoor {
  return async (as, id) => {
    const socket = await openSocket(url, as);
    for (let seen = false; ; ) {
      const page = (await socket.heard('page')) as unknown as PageMessage;
      seen ||= page.entity === 'Note' && page.rows.some(({ row_id }) => row_id === id);
      if (!page.last) continue;
      socket.end();
      return seen;
    }
  };
}

interface SubsMessage {
  subs?: { id: number; rows?: { row_id: string }[]; ops?: { row_id: string; kind: string }[] }[];
}

/** What a subscription is told, until its first rows or, with `change`, until the last change. */
export function subscribeDoor(url: string, { limit, change }: SubscribeOptions = {}): ReadDoor {
  return async (as, id) => {
    const socket = await openSocket(url, as);
    const where = change ? {} : { id };
    socket.say({ t: 'subscribe', id: 1, query: { entity: 'Line', where, ...(limit && { limit }) } });
    const parts = async () => {
      const { subs = [] } = (await socket.heard('batch')) as unknown as SubsMessage;
      return subs;
    };
    let first = (await parts())[0];
    while (!first?.rows) first = (await parts())[0];
    let seen = first.rows.some(({ row_id }) => row_id === id);
    if (change) {
      const end = await change(as, id);
      for (seen = false; ; ) {
        const ops = (await parts()).flatMap((part) => part.ops ?? []);
        seen ||= ops.some(({ row_id }) => row_id === id);
        if (ops.some(({ row_id, kind }) => row_id === end && kind === 'update')) break;
      }
    }
    socket.end();
    return seen;
  };
}

interface SubscribeOptions {
  limit?: number;
  /** Changes the row, and then one that everybody sees, whose id it returns. */
  change?: (as: Caller, id: string) => Promise<string>;
}

export function pushDoor(url: string, kind: 'insert' | 'update' | 'delete'): WriteDoor {
  return async (as, id) => {
    const socket = await openSocket(url, as);
    const data = kind === 'insert' ? rowOf(id) : kind === 'update' ? { title: 'new' } : undefined;
    const op = { op_id: `${as}-${id}`, entity: 'Note', row_id: id, kind, ...(data && { data }) };
    socket.say({ t: 'push', id: 1, ops: [op] });
    const { value } = (await socket.heard('result')) as unknown as {
      value: { ok: boolean; error?: { code: string } }[];
    };
    socket.end();
    return value[0]!.error?.code ?? 'ok';
  };
}

/** Joins the room of a note. */
export function roomDoor(url: string): ReadDoor {
  return async (as, id) => {
    const socket = await openSocket(url, as);
    socket.say({ t: 'open', ch: 1, kind: 'room', params: { room: `note:${id}`, state: null } });
    const opened = await Promise.race([
      socket.heard('opened').then(() => true),
      socket.heard('closed').then(() => false),
    ]);
    socket.end();
    return opened;
  };
}

/** Joins a document and tries to edit it: what may be read, and what the edit heard. */
export async function tryDoc(url: string, as: Caller, id: string): Promise<{ seen: boolean; edit: string }> {
  const socket = new WebSocket(
    `${url.replace('http', 'ws')}/ws`,
    offerSubprotocols(as === 'nobody' ? null : as),
  );
  socket.binaryType = 'nodebuffer';
  const say = (message: object) => socket.send(JSON.stringify(message));
  try {
    return await new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('open', () => say({ t: 'hello', protocol: PROTOCOL, client: 'c', schema: '', cursor: null }));
      socket.on('message', (data: Buffer, binary) => {
        if (!binary) {
          const { t, code } = JSON.parse(String(data));
          if (t === 'welcome') say({ t: 'open', ch: 1, kind: 'doc', params: { entity: 'Note', id } });
          if (t === 'closed') resolve({ seen: false, edit: code });
          const join = encodeUp({
            kind: 'join',
            lease: 0n,
            wants: NO_WANTS,
            epoch: '',
            vv: encodeVersions(new Map()),
          });
          if (t === 'opened') socket.send(encodeFrame(1, join));
          return;
        }
        const frame = decodeDown(decodeFrame(data).payload);
        if (frame.kind === 'joined') {
          const doc = new LoroDoc();
          doc.setPeerId(`${frame.peer || 1n}` as PeerID);
          doc.getText('body').insert(0, 'x');
          doc.commit();
          socket.send(
            encodeFrame(1, encodeUp({ kind: 'push', n: 1, bytes: doc.export({ mode: 'update' }) })),
          );
        }
        if (frame.kind === 'ack') resolve({ seen: true, edit: 'ok' });
        if (frame.kind === 'refuse') resolve({ seen: true, edit: frame.code });
      });
    });
  } finally {
    socket.terminate();
  }
}
