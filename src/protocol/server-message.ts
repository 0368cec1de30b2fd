/** Text frames from server to client. Meanings: docs/wire.md. */
import { type Infer, s, tagged } from '../base/shape.ts';
import { limitsShape } from './limits.ts';
import { batchFields, cursorShape, sentRow } from './row-batch.ts';

/** Who the server takes this connection for. */
export const sessionInfo = s.object({
  userId: s.nullable(s.string(128)),
  kind: s.oneOf('anonymous', 'guest', 'user'),
  roles: s.array(s.string(64)),
  name: s.nullable(s.string(128)),
});
export type SessionInfo = Infer<typeof sessionInfo>;

export const faultShape = s.object({ code: s.string(64), message: s.string(), data: s.optional(s.json()) });

/** The outcome of one op of a `push`, in the `value` of its result. */
export const pushOutcome = s.object({
  op_id: s.string(64),
  ok: s.bool(),
  /** The transaction that did it; absent when the op changed nothing. */
  seq: s.optional(s.int(0)),
  error: s.optional(faultShape),
});
export type PushOutcome = Infer<typeof pushOutcome>;
export const pushOutcomes = s.array(pushOutcome);

/** One watched query: its value, or how that differs from the last one (json-patch.ts), or why there is none. */
export const answerEntry = s.object({
  id: s.int(0),
  value: s.optional(s.json()),
  patch: s.optional(s.jsonObject()),
  error: s.optional(faultShape),
});
export type AnswerEntry = Infer<typeof answerEntry>;

export const serverMessage = tagged({
  welcome: s.object({
    session: sessionInfo,
    epoch: s.string(64),
    seq: s.int(0),
    limits: limitsShape,
    /** Entities whose rows come by `subscribe` alone. */
    queried: s.array(s.string()),
    /** Wall time of the server, ms since 1970. */
    time: s.number(),
  }),
  /** The identity is now this one; rows of another identity follow after a `reset`. */
  session: s.object({ session: sessionInfo }),
  batch: s.object(batchFields),
  /** The client's rows are void: pages of a new copy follow, then a batch from `cursor.seq` on. */
  reset: s.object({ cursor: cursorShape }),
  /** Rows of one entity for a client that was reset. `last` ends the copy. */
  page: s.object({
    entity: s.nullable(s.string()),
    rows: s.array(sentRow),
    last: s.bool(),
  }),
  /** A part of the answer to a call, ahead of its result. */
  stream: s.object({ id: s.int(0), data: s.json() }),
  result: s.object({
    id: s.int(0),
    ok: s.bool(),
    value: s.optional(s.json()),
    error: s.optional(faultShape),
    /** The transaction that holds the effects, for a mutation that wrote. */
    seq: s.optional(s.int(0)),
  }),
  /** What changed in the watched queries: after it, all of them are of the moment `to`. [Q2] */
  answer: s.object({ to: s.int(0), answers: s.array(answerEntry) }),
  /** The server has ended what the client asked to be told of, or does not begin it. */
  dropped: s.object({ id: s.int(0), error: faultShape }),
  opened: s.object({ ch: s.int(1), info: s.json() }),
  closed: s.object({ ch: s.int(1), code: s.string(64), message: s.string() }),
  ping: s.object({ time: s.number() }),
  /** The server is about to end: reconnect after a random part of `after_ms`. */
  moving: s.object({ after_ms: s.int(0) }),
  /** Something outside any call went wrong; a close may follow. */
  fault: faultShape,
});

export type ServerMessage = Infer<typeof serverMessage>;
export type Welcome = Extract<ServerMessage, { t: 'welcome' }>;
