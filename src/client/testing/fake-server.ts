/**
 * A server for the unit tests of the client: one table of rows, a log, a ledger, and sockets that a test may
 * cut or hold. It takes every shortcut that a test does not see; the real one is in src/server.
 * A row with an `owner` is visible to that user alone.
 */
import type { Env } from '../../base/env.ts';
import { Fault } from '../../base/fault.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import { parseShape, s } from '../../base/shape.ts';
import { type ClientMessage, clientMessage, type PushOp } from '../../protocol/client-message.ts';
import { DEFAULT_LIMITS, type Limits } from '../../protocol/limits.ts';
import { cursorShape, type RowOp } from '../../protocol/row-batch.ts';
import type { PushOutcome, ServerMessage, SessionInfo } from '../../protocol/server-message.ts';
import { BEARER_PREFIX } from '../../protocol/version.ts';
import type { ClientTransport, ClientTransportEvents, Connect } from '../transport.ts';

const LATENCY_MS = 10;

export function user(userId: string | null, name: string | null = null): SessionInfo {
  return { userId, kind: userId === null ? 'anonymous' : 'user', roles: [], name };
}

export class FakeServer {
  readonly env: Env;
  readonly sockets: FakeSocket[] = [];
  /** Everything any client sent, in order of arrival. */
  readonly received: ClientMessage[] = [];
  readonly binary: Uint8Array[] = [];
  /** By token; '' is none. */
  readonly sessions = new Map<string, SessionInfo>([['', user(null)]]);
  limits: Limits = { ...DEFAULT_LIMITS };
  /** Entities whose rows a test sends by `batch.subs`. */
  queried: string[] = [];
  epoch = 'e1';
  seq = 0;
  /** Sockets to come are refused, as when the network is gone. */
  reachable = true;
  /** Takes a message over; false lets the server handle it. */
  intercept: ((message: ClientMessage, socket: FakeSocket) => boolean) | undefined;
  /** Answers calls. The number is the seq of what it wrote. */
  onCall: (fn: string, args: Json) => { value: Json; seq?: number } = () => ({ value: null });
  /** Refuses a push. */
  onPush: (op: PushOp) => void = () => {};
  readonly #rows = new Map<string, { entity: string; data: JsonObject }>();
  #log: RowOp[] = [];
  readonly #ledger = new Map<string, PushOutcome>();
  readonly #called = new Map<string, { value: Json; seq?: number }>();

  constructor(env: Env) {
    this.env = env;
  }

  readonly connect: Connect = (protocols, events) => {
    const bearer =
      protocols.find((name) => name.startsWith(BEARER_PREFIX))?.slice(BEARER_PREFIX.length) ?? '';
    const socket = new FakeSocket(this, events, decodeURIComponent(bearer));
    this.sockets.push(socket);
    return socket;
  };

  readonly fetchSession = async (token: string | null): Promise<SessionInfo> => {
    await new Promise<void>((resolve) => this.env.clock.after(LATENCY_MS, resolve));
    if (!this.reachable) throw new Fault('unavailable', 'unreachable');
    const session = this.sessions.get(token ?? '');
    if (!session) throw new Fault('unauthorized', 'unknown token');
    return session;
  };

  /** The one open socket. */
  get socket(): FakeSocket {
    const open = this.sockets.filter((socket) => socket.isOpen);
    if (open.length !== 1) throw new Error(`${open.length} sockets are open`);
    return open[0]!;
  }

  messages<T extends ClientMessage['t']>(t: T): Extract<ClientMessage, { t: T }>[] {
    return this.received.filter((message): message is Extract<ClientMessage, { t: T }> => message.t === t);
  }

  row(id: string): JsonObject | undefined {
    return this.#rows.get(id)?.data;
  }

  /** Writes as somebody else would, in one transaction; sends it unless `quiet`. */
  write(ops: readonly Omit<PushOp, 'op_id'>[], quiet = false): RowOp[] {
    const seq = ++this.seq;
    const made = ops.map(({ entity, row_id, kind, data }): RowOp => {
      const timestamp = this.env.clock.now();
      if (kind === 'delete') {
        this.#rows.delete(row_id);
        return { seq, entity, row_id, kind, timestamp };
      }
      const row = { ...this.#rows.get(row_id)?.data, ...data, id: row_id };
      this.#rows.set(row_id, { entity, data: row });
      return { seq, entity, row_id, kind, data: row, timestamp };
    });
    this.#log.push(...made);
    if (!quiet) for (const socket of this.sockets) this.catchUp(socket);
    return made;
  }

  put(entity: string, id: string, data: JsonObject, quiet = false): void {
    this.write([{ entity, row_id: id, kind: this.#rows.has(id) ? 'update' : 'insert', data }], quiet);
  }

  /** As if a call had run, and its answer were lost. */
  remember(op: string, answer: { value: Json; seq?: number }): void {
    this.#called.set(op, answer);
  }

  /** Sends a session what it has not seen. */
  catchUp(socket: FakeSocket): void {
    if (!socket.welcomed || socket.sentSeq > this.seq || socket.isHeld) return;
    const ops = this.#log.filter((op) => op.seq > socket.sentSeq && visible(op.data, socket.session));
    socket.tell({ t: 'batch', from: socket.sentSeq, to: this.seq, ops });
    socket.sentSeq = this.seq;
  }

  /** A backup was restored: another epoch, an empty log. */
  restore(epoch: string): void {
    this.epoch = epoch;
    this.#log = [];
    for (const socket of this.sockets) socket.drop(1006);
  }

  handle(socket: FakeSocket, text: string): void {
    const message = parseShape(clientMessage, JSON.parse(text), 'message', 'bad_message');
    this.received.push(message);
    if (this.intercept?.(message, socket)) return;
    switch (message.t) {
      case 'hello':
        return this.welcome(socket, message.cursor);
      case 'auth':
        socket.session = this.sessions.get(message.token ?? '') ?? user(null);
        socket.tell({ t: 'session', session: socket.session });
        return this.#resume(socket, null);
      case 'catchup':
        return this.#resume(socket, message.cursor);
      case 'push': {
        const value = this.runPush(message.ops);
        for (const other of this.sockets) this.catchUp(other);
        return socket.tell({ t: 'result', id: message.id, ok: true, value });
      }
      case 'call': {
        const known = message.op === undefined ? undefined : this.#called.get(message.op);
        const answer = known ?? this.onCall(message.fn, message.args);
        if (message.op !== undefined) this.#called.set(message.op, answer);
        return socket.tell({ t: 'result', id: message.id, ok: true, ...answer });
      }
      case 'open':
        return socket.tell({ t: 'opened', ch: message.ch, info: message.params });
      case 'close':
        return socket.tell({ t: 'closed', ch: message.ch, code: 'cancelled', message: '' });
    }
  }

  welcome(socket: FakeSocket, cursor: Json): void {
    const session = this.sessions.get(socket.token);
    if (!session) return socket.drop(4401, 'unknown token');
    socket.session = session;
    socket.welcomed = true;
    const { epoch, seq, limits, queried } = this;
    socket.tell({ t: 'welcome', session, epoch, seq, limits, queried, time: this.env.clock.now() });
    this.#resume(socket, cursor);
  }

  #resume(socket: FakeSocket, claimed: Json): void {
    const cursor = parseShape(s.nullable(cursorShape), claimed, 'cursor');
    if (cursor?.epoch === this.epoch && cursor.seq <= this.seq) {
      socket.sentSeq = cursor.seq;
      return this.catchUp(socket);
    }
    socket.tell({ t: 'reset', cursor: { epoch: this.epoch, seq: this.seq } });
    socket.sentSeq = this.seq;
    const rows = [...this.#rows.entries()].filter(([, { data }]) => visible(data, socket.session));
    for (const entity of new Set(rows.map(([, row]) => row.entity))) {
      const page = rows
        .filter(([, row]) => row.entity === entity)
        .map(([row_id, { data }]) => ({ row_id, data }));
      socket.tell({ t: 'page', entity, rows: page, last: false });
    }
    socket.tell({ t: 'page', entity: null, rows: [], last: true });
    this.catchUp(socket);
  }

  runPush(ops: readonly PushOp[]): PushOutcome[] {
    return ops.map((op) => this.#push(op));
  }

  #push(op: PushOp): PushOutcome {
    const known = this.#ledger.get(op.op_id);
    if (known) return known;
    const outcome: PushOutcome = { op_id: op.op_id, ok: true };
    try {
      this.onPush(op);
      if (op.kind !== 'insert' && !this.#rows.has(op.row_id)) throw new Fault('not_found', 'no such row');
      this.write([op], true);
      outcome.seq = this.seq;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return { op_id: op.op_id, ok: false, error: error.toJSON() };
    }
    this.#ledger.set(op.op_id, outcome);
    return outcome;
  }
}

export class FakeSocket implements ClientTransport {
  readonly token: string;
  readonly #server: FakeServer;
  readonly #events: ClientTransportEvents;
  #state: 'opening' | 'open' | 'closed' = 'opening';
  session: SessionInfo = user(null);
  welcomed = false;
  /** Up to where this session was told of the log. */
  sentSeq = 0;
  /** Batches are not sent on their own. */
  isHeld = false;
  /** Close code and reason that the client gave. */
  closedByClient: [number, string] | undefined;

  constructor(server: FakeServer, events: ClientTransportEvents, token: string) {
    this.#server = server;
    this.#events = events;
    this.token = token;
    server.env.clock.after(LATENCY_MS, () => {
      if (this.#state !== 'opening') return;
      if (!server.reachable) return this.drop(1006);
      this.#state = 'open';
      events.open();
    });
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** To the client. */
  tell(message: ServerMessage): void {
    this.deliver(JSON.stringify(message));
  }

  /** From the client. */
  send(message: string | Uint8Array): void {
    this.#server.env.clock.after(LATENCY_MS, () => {
      if (this.#state !== 'open') return;
      if (typeof message === 'string') this.#server.handle(this, message);
      else this.#server.binary.push(message);
    });
  }

  /** Raw data to the client. */
  deliver(data: string | Uint8Array): void {
    this.#server.env.clock.after(LATENCY_MS, () => {
      if (this.#state === 'open') this.#events.message(data);
    });
  }

  close(code: number, reason: string): void {
    if (this.#state === 'closed') return;
    this.closedByClient = [code, reason];
    this.drop(code, reason);
  }

  /** The socket is gone, now. */
  drop(code: number, reason = ''): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.welcomed = false;
    this.#events.close(code, reason);
  }
}

function visible(row: JsonObject | undefined, session: SessionInfo): boolean {
  return row?.owner === undefined || row.owner === session.userId;
}
