/**
 * Who may come back to a document with edits, and what they hold: a device that has joined with the right to edit has
 * acknowledged what it said it had, for edits that it has made or will make build on that or on more. What it was sent
 * afterwards counts when it joins again and says so. Written at each join and leave (reader.ts) while history is trimmed,
 * asked by trimmer.ts. [D6]
 *
 * A device is a chain of peer ids: a page load goes on under the spare one that the load before it was given [D9].
 */
import type { PeerID } from 'loro-crdt';
import { parseShape, s } from '../../src/base/shape.ts';
import type { SqlRow } from '../../src/store/sql-driver.ts';
import type { Store } from '../../src/store/store.ts';
import type { DocRef } from '../core/doc-ref.ts';
import { common, covers, decodeVersions, encodeVersions, type Versions } from '../core/versions.ts';
import type { DocsOptions } from './options.ts';
import type { Lease } from './peer-lease.ts';
import type { LogSource } from './stored-doc.ts';

export const DEVICES_TABLE = `CREATE TABLE IF NOT EXISTS _doc_devices (entity TEXT NOT NULL, id TEXT NOT NULL,
  device TEXT NOT NULL, peers TEXT NOT NULL, versions BLOB NOT NULL, seen INTEGER NOT NULL,
  PRIMARY KEY (entity, id, device)) STRICT`;

export interface Arrival {
  /** The document's own epoch. */
  readonly epoch: string;
  readonly lease: Lease;
  /** What the page said that it holds; null when it begins with what it was answered. */
  readonly claim: Versions | null;
  /** The document as it was answered. */
  readonly durable: Versions;
}

/** Peer ids by which a device is known: its tabs, and the spare ones that they keep. */
const MAX_PEERS = 16;

const peersShape = s.array(s.string());

export class Devices {
  readonly #store: Store;
  readonly #options: DocsOptions;

  constructor(store: Store, options: DocsOptions) {
    this.#store = store;
    this.#options = options;
  }

  async arrived(ref: DocRef, { epoch, lease, claim, durable }: Arrival): Promise<void> {
    const { deviceMs, maxDevices } = this.#options;
    const key = [ref.entity, ref.id];
    const where = 'WHERE entity = ? AND id = ?';
    await this.#store.write(async ({ tx }) => {
      const at = this.#store.now();
      const peer = `${lease.peer}`;
      const [known] = await tx.all(
        `SELECT device, peers, versions FROM _doc_devices ${where} AND instr(peers, ?) > 0`,
        [...key, JSON.stringify(peer)],
      );
      const versions = acknowledged({ claim, durable, before: known ? versionsOf(known) : null });
      const spare = lease.spare === 0n ? [] : [`${lease.spare}`];
      const peers = [...new Set([...(known ? peersOf(known) : []), peer, ...spare])].slice(-MAX_PEERS);
      await tx.run(
        `INSERT INTO _doc_devices (entity, id, device, peers, versions, seen)
          SELECT entity, id, ?, ?, ?, ? FROM _doc_meta ${where} AND epoch = ?
          ON CONFLICT (entity, id, device)
            DO UPDATE SET peers = excluded.peers, versions = excluded.versions, seen = excluded.seen`,
        [
          known ? String(known.device) : peer,
          JSON.stringify(peers),
          encodeVersions(versions),
          at,
          ...key,
          epoch,
        ],
      );
      await tx.run(`DELETE FROM _doc_devices ${where} AND seen < ?`, [...key, at - deviceMs]);
      await tx.run(
        `DELETE FROM _doc_devices ${where} AND device IN (SELECT device FROM _doc_devices ${where}
          ORDER BY seen DESC, device LIMIT -1 OFFSET ?)`,
        [...key, ...key, maxDevices],
      );
    });
  }

  /** Its page is gone, and may come back. */
  async left(ref: DocRef, peer: bigint): Promise<void> {
    await this.#store.write(({ tx }) =>
      tx.run('UPDATE _doc_devices SET seen = ? WHERE entity = ? AND id = ? AND instr(peers, ?) > 0', [
        this.#store.now(),
        ref.entity,
        ref.id,
        JSON.stringify(`${peer}`),
      ]),
    );
  }

  /** What all of them hold that were here in the last `deviceMs`; null when none was. */
  async held(source: LogSource, ref: DocRef, atMs: number): Promise<Versions | null> {
    const rows = await source.all(
      'SELECT versions FROM _doc_devices WHERE entity = ? AND id = ? AND seen >= ?',
      [ref.entity, ref.id, atMs - this.#options.deviceMs],
    );
    const [first, ...others] = rows.map(versionsOf);
    return first ? others.reduce(common, first) : null;
  }
}

function acknowledged(said: {
  claim: Versions | null;
  durable: Versions;
  before: Versions | null;
}): Versions {
  const { claim, durable, before } = said;
  if (!claim) return durable;
  // With edits that are not here yet: they build on what it had when it last had none.
  if (!covers(durable, claim) && before) return before;
  return common(claim, durable);
}

function versionsOf(row: SqlRow): Versions {
  return row.versions instanceof Uint8Array ? decodeVersions(row.versions) : new Map<PeerID, number>();
}

function peersOf(row: SqlRow): string[] {
  return parseShape(peersShape, JSON.parse(String(row.peers)), 'peers');
}
