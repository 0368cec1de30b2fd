/**
 * What a document says, by a way of its own: a plain LoroDoc, fed with the snapshot and the log as SQL has
 * them. Neither the hub nor the client nor the projection has a hand in it.
 */
import { LoroDoc } from 'loro-crdt';
import type { App } from 'ternion/server';
import type { World } from 'ternion/testing';

/** Those of a row, or its parts one after another. */
const BYTES = `COALESCE((SELECT group_concat(hex(bytes), '' ORDER BY n) FROM _doc_parts p
  WHERE p.entity = d.entity AND p.id = d.id AND p.blob = d.blob), hex(bytes)) AS hex`;

export interface Replay {
  /** As the row's columns should show it. */
  readonly columns: Record<string, unknown>;
  /** The marks of its text. */
  readonly delta: unknown;
  /** To whom the peer ids are leased that wrote the keys of `facts`. */
  readonly authors: ReadonlyMap<string, string | undefined>;
  readonly epoch: string;
  readonly rev: number;
  readonly snapshotRev: number;
  /** Revisions in the log after the snapshot. */
  readonly tail: readonly number[];
}

/** Null when nothing is stored. */
export async function replay<A extends App>(
  world: World<A>,
  { entity, id }: { entity: string; id: string },
): Promise<Replay | null> {
  const rowsOf = (sql: string) =>
    world.env.clock.run(world.host.store.read((snapshot) => snapshot.all(sql, [entity, id])));
  const where = 'WHERE entity = ? AND id = ?';
  const [meta] = await rowsOf(`SELECT epoch, rev FROM _doc_meta ${where}`);
  const [snapshot] = await rowsOf(`SELECT rev, ${BYTES} FROM _doc_snapshots d ${where}`);
  const tail = await rowsOf(`SELECT rev, ${BYTES} FROM _doc_updates d ${where} ORDER BY rev`);
  const peers = await rowsOf(`SELECT peer, owner FROM _doc_peers ${where}`);
  if (!meta) return null;
  const doc = new LoroDoc();
  for (const row of snapshot ? [snapshot, ...tail] : tail) {
    const { pending } = doc.import(Buffer.from(String(row.hex), 'hex'));
    if (pending) throw new Error(`the log of ${entity} ${id} has a gap at ${row.rev}`);
  }
  const found: Replay = {
    columns: columnsOf(doc),
    delta: doc.getText('body').toDelta(),
    authors: authorsOf(doc, new Map(peers.map(({ peer, owner }) => [String(peer), String(owner)]))),
    epoch: String(meta.epoch),
    rev: Number(meta.rev),
    snapshotRev: Number(snapshot?.rev ?? 0),
    tail: tail.map(({ rev }) => Number(rev)),
  };
  doc.free();
  return found;
}

function authorsOf(doc: LoroDoc, owners: ReadonlyMap<string, string>): Replay['authors'] {
  const facts = doc.getMap('facts');
  return new Map(facts.keys().map((key) => [key, owners.get(facts.getLastEditor(key) ?? '')]));
}

/** From Loro's own JSON of the whole document. */
export function columnsOf(doc: LoroDoc): Record<string, unknown> {
  const json: Record<string, unknown> = doc.toJSON();
  const { title = {} } = json as { title?: { value?: string } };
  return {
    body: json.body ?? '',
    plain: json.plain ?? '',
    facts: json.facts ?? {},
    items: json.items ?? [],
    cards: json.cards ?? [],
    outline: ((json.outline ?? []) as Node[]).map(plainNode),
    votes: json.votes ?? 0,
    title: title.value ?? 'untitled',
  };
}

interface Node {
  id: string;
  meta: object;
  children: Node[];
}

function plainNode({ id, meta, children }: Node): Node {
  return { id, meta, children: children.map(plainNode) };
}
