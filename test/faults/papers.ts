/** Pages that type into documents of a real server, and what its files say of those documents. */
import { LoroDoc } from 'loro-crdt';
import { createSyncEngine } from 'ternion/client';
import { type DocHandle, openDocWith } from 'ternion/crdt/client';
import { openSqlite } from 'ternion/server';
import { faultsApp } from './faults-app.ts';

export type Engine = Awaited<ReturnType<typeof page>>;

export async function page(url: string, token: string) {
  const options = { token, schema: faultsApp.schema, persist: false, reconnectDelay: 20 } as const;
  const engine = createSyncEngine<typeof faultsApp>(url, options);
  await engine.start();
  await engine.synced();
  return engine;
}

/** Resolves when the paper may be edited. */
export async function openPaper(engine: Engine, id: string): Promise<DocHandle> {
  const handle = openDocWith(engine, { entity: 'Paper', id }, { retry: { baseMs: 50, capMs: 500 } });
  await handle.synced();
  return handle;
}

export function write(handle: DocHandle, word: string): void {
  const body = handle.text('body');
  body.insert(body.length, `${word} `);
  handle.map('facts').set(word, true);
  handle.counter('votes').increment(1);
  handle.doc.commit();
}

export interface Stored {
  readonly body: string;
  readonly facts: Record<string, unknown>;
  readonly votes: number;
}

/** Each document by a plain Loro from the log, beside the columns of its row. The server is down. */
export async function storedPapers(database: string): Promise<{ log: Stored; row: Stored; lag: number }[]> {
  const driver = openSqlite(database, { synchronous: 'FULL' });
  const papers = [];
  for (const row of await driver.all('SELECT id, body, facts, votes, docRev FROM "Paper" ORDER BY id')) {
    const doc = new LoroDoc();
    for (const table of ['_doc_snapshots', '_doc_updates']) {
      const sql = `SELECT bytes, blob FROM ${table} WHERE entity = 'Paper' AND id = ? ORDER BY rev`;
      for (const { bytes, blob } of await driver.all(sql, [row.id ?? null])) {
        const parts = await driver.all('SELECT bytes FROM _doc_parts WHERE blob = ? ORDER BY n', [
          blob ?? null,
        ]);
        const all = parts.map((part) => part.bytes as Uint8Array);
        doc.import(blob === null ? (bytes as Uint8Array) : Buffer.concat(all));
      }
    }
    const [meta] = await driver.all('SELECT rev FROM _doc_meta WHERE id = ?', [row.id ?? null]);
    const { body = '', facts = {}, votes = 0 } = doc.toJSON() as Partial<Stored>;
    papers.push({
      log: { body, facts, votes },
      row: { body: String(row.body), facts: JSON.parse(String(row.facts)), votes: Number(row.votes) },
      lag: Number(meta?.rev ?? 0) - Number(row.docRev),
    });
  }
  await driver.close();
  return papers;
}

/** The words of a text, in order of the alphabet. */
export const wordsOf = ({ body }: Stored) => body.split(' ').filter(Boolean).sort();
