/**
 * A new replica in the place of one that trapped: the log, and on top of it what was received and is not in the log
 * yet. Whatever is bad stays out. Asked for by repair.ts. [D3]
 */
import type { Canary } from './canary.ts';
import { Replica } from './replica.ts';
import type { StoredDoc } from './stored-doc.ts';

export interface Rebuilt {
  readonly replica: Replica;
  /** Those that are not in it. */
  readonly lost: readonly Uint8Array[];
}

interface Deps {
  readonly canary: Pick<Canary, 'trial'>;
  /** Something trapped on this thread once more. */
  readonly trapped: () => void;
}

/** Throws `storage` when the log itself does not load. */
export async function rebuild(
  deps: Deps,
  stored: StoredDoc,
  received: readonly Uint8Array[],
): Promise<Rebuilt> {
  const log = [...(stored.snapshot ? [stored.snapshot] : []), ...stored.updates];
  const { good, lost } = await sorted(deps.canary, log, received);
  for (;;) {
    const replica = new Replica(stored.snapshot, stored.updates);
    replica.onTrap(deps.trapped);
    const failed = good.findIndex((bytes) => !imports(replica, bytes));
    if (failed === -1) return { replica, lost };
    replica.free();
    lost.push(...good.splice(failed, 1));
  }
}

/** Mostly all are fine together; else each is tried on top of the good ones before it. */
async function sorted(
  canary: Pick<Canary, 'trial'>,
  log: readonly Uint8Array[],
  received: readonly Uint8Array[],
): Promise<{ good: Uint8Array[]; lost: Uint8Array[] }> {
  if (received.length === 0 || (await canary.trial([...log, ...received])) === 'fine')
    return { good: [...received], lost: [] };
  const good: Uint8Array[] = [];
  const lost: Uint8Array[] = [];
  for (const bytes of received) {
    const fine = (await canary.trial([...log, ...good, bytes])) === 'fine';
    (fine ? good : lost).push(bytes);
  }
  return { good, lost };
}

function imports(replica: Replica, bytes: Uint8Array): boolean {
  try {
    return replica.import(bytes) !== 'pending';
  } catch {
    return false;
  }
}
