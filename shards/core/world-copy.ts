/**
 * A world at rest: what `WorldColumns.copy` gives, and `restore` takes. It says itself what its columns mean, so that
 * another version of the definition can tell what it may take over. Written as bytes by server/state-codec.ts.
 */
import { canonicalJson } from '../../src/base/json.ts';
import type { ChanceState } from './chance.ts';
import type { Components } from './component.ts';
import type { RecordType } from './record-type.ts';
import type { Text } from './text.ts';

export interface ComponentCopy {
  readonly name: string;
  /** Its kind with all ranges, as text: equal kinds have equal columns. */
  readonly kind: string;
  /** For each of its lanes, whether it holds texts. */
  readonly texts: readonly boolean[];
}

export interface WorldCopy {
  readonly tick: number;
  /** The newest id that was given; ids are never used again. */
  readonly lastId: number;
  /** Where the server's own `random` stands. */
  readonly chance: ChanceState;
  /** Of the entities, ascending. */
  readonly ids: Int32Array;
  /** The row of each, for what refers to rows, as a rewind's history does. */
  readonly rows: Int32Array;
  readonly components: readonly ComponentCopy[];
  /** One for each lane of the components, one value for each entity. */
  readonly columns: readonly (Int32Array | readonly Text[])[];
}

export function componentCopy<C extends Components>(type: RecordType<C>, name: string): ComponentCopy {
  const { json, lanes } = type.fields[name]!;
  return { name, kind: canonicalJson(json), texts: lanes.map(({ textBytes }) => textBytes > 0) };
}

/** The components that a world of this type cannot take over. */
export function lostComponents<C extends Components>(copy: WorldCopy, type: RecordType<C>): string[] {
  const kept = ({ name, kind }: ComponentCopy) =>
    Object.hasOwn(type.fields, name) && componentCopy(type, name).kind === kind;
  return copy.components.filter((component) => !kept(component)).map(({ name }) => name);
}
