/**
 * Which documents this device keeps a copy of, in order of their last use: a record beside them, changed in the
 * same transactions (device-doc.ts). It says which copies go when a bound is passed.
 */
import { decodeList, encodeList, type ListedCopy } from './device-record.ts';
import type { DocOptions } from './options.ts';

/** No document has this key: ids are not empty. */
export const LIST_KEY = '/copies';

type Bytes = Uint8Array | null | undefined;
type Written = [string, Uint8Array | null];

/** The list with this copy as the one used last, and the records of those that have to go. */
export function keepCopies(
  list: Bytes,
  copy: ListedCopy,
  { keepDocs, keepBytes }: Pick<DocOptions, 'keepDocs' | 'keepBytes'>,
): Written[] {
  const copies = [...others(list, copy.key), copy];
  let bytes = copies.reduce((sum, one) => sum + one.bytes, 0);
  const written: Written[] = [];
  while (copies.length > keepDocs || (bytes > keepBytes && copies.length > 1)) {
    const gone = copies.shift()!;
    bytes -= gone.bytes;
    written.push([`${gone.key}/copy`, null], [`${gone.key}/tail`, null]);
  }
  return [...written, [LIST_KEY, encodeList(copies)]];
}

/** The list without this one. */
export function without(list: Bytes, key: string): Written {
  return [LIST_KEY, encodeList(others(list, key))];
}

/** A list that cannot be read is begun anew: the copies that it named stay until their documents are opened. */
function others(list: Bytes, key: string): ListedCopy[] {
  try {
    return list ? decodeList(list).filter((one) => one.key !== key) : [];
  } catch {
    return [];
  }
}
