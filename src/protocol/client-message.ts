/** Text frames from client to server. Meanings: docs/wire.md. Unknown types and keys are refused. */
import { type Infer, s, tagged } from '../base/shape.ts';
import { MAX_CHANNEL } from './frame.ts';

export const pushOp = s.object({
  op_id: s.string(64),
  entity: s.string(64),
  row_id: s.string(64),
  kind: s.oneOf('insert', 'update', 'delete'),
  data: s.optional(s.jsonObject()),
});
export type PushOp = Infer<typeof pushOp>;

export const clientMessage = tagged({
  /**
   * The first frame. `schema` is the hash of the manifest that the client was built with, or '' for a tool
   * that knows none; `cursor` is where this client's copy of the rows stands, and anything that is no
   * cursor (row-batch.ts) is answered as null is: by a reset, for a damaged copy must not lock anybody out.
   */
  hello: s.object({
    protocol: s.int(0),
    client: s.string(64),
    schema: s.string(64),
    cursor: s.json(),
  }),
  /** Changes the identity in place; null signs out. */
  auth: s.object({ token: s.nullable(s.string(4096)) }),
  /** Calls a function. `op` makes a mutation or an action run at most once, however often it is sent. [L3] */
  call: s.object({ id: s.int(0), fn: s.string(256), args: s.json(), op: s.optional(s.string(64)) }),
  /** Gives a call up; its result is not wanted any more. A mutation runs to its end all the same. */
  cancel: s.object({ id: s.int(0) }),
  /** Row writes, each its own transaction, at most once per op_id. [L3] */
  push: s.object({ id: s.int(0), ops: s.array(pushOp) }),
  /** Runs a query, and again when what it read changes. The number is one that this client has not used yet. */
  watch: s.object({ id: s.int(0), fn: s.string(256), args: s.json() }),
  /** Asks for what was missed since `cursor`, after a gap. */
  catchup: s.object({ cursor: s.json() }),
  /**
   * Asks for the rows of a query and for what becomes of them, of an entity that `welcome.queried` names. The
   * query is a QuerySpec; one that does not fit is answered by `dropped`.
   */
  subscribe: s.object({ id: s.int(0), query: s.jsonObject() }),
  /** Ends what `subscribe` or `watch` began. */
  unsubscribe: s.object({ id: s.int(0) }),
  /** Opens a channel under a number that the client chooses and that is free. */
  open: s.object({ ch: s.int(1, MAX_CHANNEL), kind: s.string(32), params: s.json() }),
  close: s.object({ ch: s.int(1, MAX_CHANNEL) }),
  /** Answers a ping with its time. */
  pong: s.object({ time: s.number() }),
});

export type ClientMessage = Infer<typeof clientMessage>;
export type Hello = Extract<ClientMessage, { t: 'hello' }>;
