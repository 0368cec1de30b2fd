/**
 * Large bytes in SQL, part by part: each is read and written in a turn and a transaction of its own, for SQLite works
 * on this thread, and whatever else happens here waits for it. Used by update-log.ts.
 *
 *   under way --all parts written--> referred to by a row of _doc_snapshots or _doc_updates --row gone--> swept
 *       '--crash, or the row was not written--> swept, at the latest by the next start
 *
 * A blob never changes, and its name is used once, so that one which nobody refers to and nobody writes is rubbish.
 */
import type { Env } from '../../src/base/env.ts';
import { newId } from '../../src/base/id.ts';
import type { Store } from '../../src/store/store.ts';
import { type DocRef, docKey } from '../core/doc-ref.ts';

const OF_BLOB = 'WHERE entity = ? AND id = ? AND blob = ?';
const UNUSED = `FROM _doc_parts p WHERE NOT EXISTS
    (SELECT 1 FROM _doc_snapshots s WHERE s.entity = p.entity AND s.id = p.id AND s.blob = p.blob)
  AND NOT EXISTS (SELECT 1 FROM _doc_updates u WHERE u.entity = p.entity AND u.id = p.id AND u.blob = p.blob)`;

export interface BlobOptions {
  /** Bytes of a snapshot or an update that are read and written at once; a larger one is stored in parts. */
  partBytes: number;
}

export class BlobParts {
  readonly #env: Env;
  readonly #store: Store;
  readonly #partBytes: number;
  readonly #underWay = new Set<string>();

  constructor(env: Env, store: Store, { partBytes }: BlobOptions) {
    this.#env = env;
    this.#store = store;
    this.#partBytes = partBytes;
  }

  /** Whether bytes are to be stored in parts. */
  isLarge(bytes: Uint8Array): boolean {
    return bytes.length > this.#partBytes;
  }

  /** Writes `bytes`, and runs `refer` with their name, which is to put it into a row. Nothing is left when it does not. */
  async write<T>(ref: DocRef, bytes: Uint8Array, refer: (blob: string) => Promise<T>): Promise<T> {
    const blob = newId(this.#env);
    this.#underWay.add(blob);
    try {
      const partBytes = this.#partBytes;
      for (let n = 0; n * partBytes < bytes.length; n++) {
        const part = bytes.subarray(n * partBytes, (n + 1) * partBytes);
        await this.#store.write(({ tx }) =>
          tx.run('INSERT INTO _doc_parts (entity, id, blob, n, bytes) VALUES (?, ?, ?, ?, ?)', [
            ref.entity,
            ref.id,
            blob,
            n,
            part,
          ]),
        );
      }
      return await refer(blob);
    } catch (error) {
      this.#underWay.delete(blob);
      await this.sweep(ref);
      throw error;
    } finally {
      this.#underWay.delete(blob);
    }
  }

  /** In shared memory, so that a worker gets it as it is. Null: the blob is gone, wholly or in part. */
  async read(ref: DocRef, blob: string, sizeBytes: number): Promise<Uint8Array | null> {
    const bytes = new Uint8Array(new SharedArrayBuffer(sizeBytes));
    // The size of parts may have been another when they were written.
    for (let n = 0, at = 0; at < sizeBytes; n++) {
      if (n > 0) await new Promise<void>((resolve) => this.#env.clock.soon(resolve));
      const [row] = await this.#store.read((snapshot) =>
        snapshot.all(`SELECT bytes FROM _doc_parts ${OF_BLOB} AND n = ?`, [ref.entity, ref.id, blob, n]),
      );
      if (!(row?.bytes instanceof Uint8Array)) return null;
      bytes.set(row.bytes, at);
      at += row.bytes.length;
    }
    return bytes;
  }

  /** Deletes what nobody refers to, of one document or of all. Failures are reported: the next one does it. */
  async sweep(ref?: DocRef): Promise<void> {
    const spared = new Set(this.#underWay); // before the look: what is not yet in a row then may be in one after it
    const [where, key] = ref ? [' AND p.entity = ? AND p.id = ?', [ref.entity, ref.id]] : ['', []];
    try {
      const unused = await this.#store.read((snapshot) =>
        snapshot.all(`SELECT entity, id, blob, n ${UNUSED}${where}`, key),
      );
      for (const { entity, id, blob, n } of unused) {
        if (spared.has(String(blob))) continue;
        await this.#store.write(({ tx }) =>
          tx.run(`DELETE FROM _doc_parts ${OF_BLOB} AND n = ?`, [entity!, id!, blob!, n!]),
        );
      }
    } catch (error) {
      const doc = ref && docKey(ref);
      this.#env.log.warn('docs.sweep_failed', { doc: doc ?? null, error: String(error) });
    }
  }
}
