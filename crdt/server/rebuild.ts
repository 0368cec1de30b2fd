/**
 * A new replica in the place of one that trapped: the log, and on top of it what was received and is not in the log
 * yet. Whatever kills the new one as well stays out. Asked for by doc-entry.ts, which takes no pushes meanwhile. [D3]
 */
import type { Canary } from './canary.ts';
import { Replica } from './replica.ts';
import type { StoredDoc } from './update-log.ts';

/** An update that was received; `author` is whatever the caller knows it by. */
export interface Received<Author> {
  readonly bytes: Uint8Array;
  readonly author: Author;
}

export interface Rebuilt<Author> {
  readonly replica: Replica;
  /** Those that are not in it. */
  readonly lost: readonly Received<Author>[];
}

interface Deps {
  readonly canary: Canary;
  /** Something trapped on this thread once more. */
  readonly trapped: () => void;
}

/** Throws `storage` when the log itself does not load. */
export async function rebuild<Author>(
  deps: Deps,
  stored: StoredDoc,
  received: readonly Received<Author>[],
): Promise<Rebuilt<Author>> {
  const log = [...(stored.snapshot ? [stored.snapshot] : []), ...stored.updates];
  const { good, lost } = await sorted(deps.canary, log, received);
  for (;;) {
    const replica = new Replica(stored.snapshot, stored.updates);
    const failed = good.findIndex(({ bytes }) => !imports(replica, bytes, deps.trapped));
    if (failed === -1) return { replica, lost };
    replica.free();
    lost.push(...good.splice(failed, 1));
  }
}

/** All are mostly fine together; else each is tried on top of the good ones before it. */
async function sorted<Author>(
  canary: Canary,
  log: readonly Uint8Array[],
  received: readonly Received<Author>[],
): Promise<{ good: Received<Author>[]; lost: Received<Author>[] }> {
  const bytesOf = (some: readonly Received<Author>[]) => some.map(({ bytes }) => bytes);
  if (received.length === 0 || (await canary.trial([...log, ...bytesOf(received)])) === 'fine')
    return { good: [...received], lost: [] };
  const good: Received<Author>[] = [];
  const lost: Received<Author>[] = [];
  for (const one of received) {
    const fine = (await canary.trial([...log, ...bytesOf(good), one.bytes])) === 'fine';
    (fine ? good : lost).push(one);
  }
  return { good, lost };
}

function imports(replica: Replica, bytes: Uint8Array, trapped: () => void): boolean {
  try {
    return replica.import(bytes) !== 'pending';
  } catch (error) {
    if (typeof error !== 'string') trapped();
    return false;
  }
}
