/**
 * Reads a document as thoroughly as a page may: what was loaded of a snapshot is decoded container by container, and
 * only when more is asked for than its plain value. Measured with loro-crdt 1.17.1: snapshots of documents with forged
 * marks load, give their `toJSON`, and trap at the next edit near the text. Asked for by trial-jobs.ts. [D3]
 */
import {
  type Container,
  isContainer,
  type LoroDoc,
  LoroList,
  LoroMap,
  LoroMovableList,
  LoroText,
  LoroTree,
} from 'loro-crdt';

/** A newer Loro may have others, which no binding here gives out. */
const KNOWN = /:(Text|Map|List|MovableList|Tree)$/;

export function readAll(doc: LoroDoc): void {
  doc.toJSON();
  for (const id of Object.values(doc.getShallowValue())) if (KNOWN.test(id)) read(doc.getContainerById(id));
}

function read(container: Container | undefined): void {
  if (!container) return;
  if (container instanceof LoroText) container.toDelta();
  else if (container instanceof LoroTree) for (const { data } of container.getNodes()) read(data);
  else if (container instanceof LoroMap) for (const value of container.values()) readValue(value);
  else if (container instanceof LoroList || container instanceof LoroMovableList)
    for (const value of container.toArray()) readValue(value);
  container.free(); // while a handle lives, its document does too
}

function readValue(value: unknown): void {
  if (isContainer(value)) read(value);
}
