/** Answers of `GET /api/sync/pull`, and the body of a `POST /api/sync/push` without a session. */
import { type Infer, s } from '../base/shape.ts';
import { pushOp } from './client-message.ts';
import { batchFields, cursorShape } from './row-batch.ts';
import { pushOutcomes, sessionInfo } from './server-message.ts';

/** What came after a cursor. */
export const pulled = s.object({ ...batchFields, more: s.bool() });

/** A page of a copy. All its pages, and then what came after the `cursor` of the first, are one moment. */
export const copyPage = s.object({
  cursor: cursorShape,
  /** All entities of the replica are in the copy: a client can go on from its cursor. */
  whole: s.bool(),
  rows: s.array(s.object({ entity: s.string(64), row_id: s.string(64), data: s.jsonObject() })),
  /** The `after` of the next page; null after the last. */
  next: s.nullable(s.string(160)),
});
export type CopyPage = Infer<typeof copyPage>;

/** Who the copy was made for stands beside it. */
export const copyAnswer = s.object({ session: sessionInfo, copy: copyPage });

export const pushRequest = s.object({ ops: s.array(pushOp) });
export const pushAnswer = s.object({ outcomes: pushOutcomes });
