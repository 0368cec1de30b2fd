/**
 * The kinds of value a row may hold, with their modifiers. A Field is a description; entity.ts turns a
 * set of them into parsers, store/ddl.ts into columns, manifest.ts into JSON.
 */
import { base64UrlBytes, isBase64Url } from '../base/base64url.ts';
import { Fault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import { miss, type Shape, s, shape } from '../base/shape.ts';

export const FIELD_KINDS = [
  'string',
  'int',
  'float',
  'bool',
  'datetime',
  'enum',
  'json',
  'id',
  'bytes',
  'richtext',
] as const;

export type FieldKind = (typeof FIELD_KINDS)[number];

/**
 * What a field is inside its row's document; its kind says what its column holds. `register`: one value, of
 * which the last writer's stays.
 */
export const CONTAINERS = ['text', 'map', 'list', 'movableList', 'tree', 'counter', 'register'] as const;
export type ContainerKind = (typeof CONTAINERS)[number];

/** A node of a tree, as its column shows it: in order, each with what lies below it. */
export type TreeNode = { id: string; meta: { [key: string]: Json }; children: TreeNode[] };

/** What a field asks of an insert: a value, perhaps a value, or none at all (documents fill it). */
export type Mode = 'required' | 'omittable' | 'projected';

export interface FieldSpec {
  readonly kind: FieldKind;
  readonly shape: Shape<unknown>;
  /** The field lives in the row's document, and its column follows. */
  readonly container?: ContainerKind;
  /** The revision of the document that the row's columns show. [D11] */
  readonly revision?: true;
  /** The value may be null. */
  readonly optional?: boolean;
  readonly unique?: boolean;
  /** Set by the insert and never changed. */
  readonly readonly?: boolean;
  /** Never leaves the server. */
  readonly serverOnly?: boolean;
  readonly default?: Json;
  /** `id`: the entity it names. */
  readonly target?: string;
  /** `enum`: what it may be. */
  readonly values?: readonly string[];
  /** What the field was called before. A hint to migrations (schema/diff.ts), not part of the manifest's JSON. */
  readonly renamedFrom?: string;
}

/** Longest string a field takes, in UTF-16 units. Longer texts belong into a richtext or a file. */
export const MAX_STRING_CHARS = 1 << 16;

/** Most bytes a bytes field takes. What is larger is a file. */
export const MAX_FIELD_BYTES = 1 << 16;

/** `X`: what else the type checker must know: `{ to }` of an id, `{ unique }`. */
export class Field<T, M extends Mode = 'required', X = unknown> {
  readonly spec: FieldSpec;
  /** Only for the type checker. */
  declare readonly type: T;
  declare readonly mode: M;
  declare readonly traits: X;

  constructor(spec: FieldSpec) {
    this.spec = spec;
  }

  /** The value may be null, and is when an insert leaves it out. */
  optional(): Field<T | null, 'omittable', X> {
    return new Field({ ...this.spec, optional: true, shape: s.nullable(this.spec.shape) });
  }

  default(value: T & Json): Field<T, 'omittable', X> {
    return new Field({ ...this.spec, default: value });
  }

  unique(): Field<T, M, X & { readonly unique: true }> {
    return new Field({ ...this.spec, unique: true });
  }

  readonly(): Field<T, M, X> {
    return new Field({ ...this.spec, readonly: true });
  }

  serverOnly(): Field<T, M, X> {
    return new Field({ ...this.spec, serverOnly: true });
  }

  /**
   * The field becomes a part of the row's document: edited offline and merged there, the last writer's value
   * stays. Its column shows the default until somebody writes it. Throws `invalid` for a field that has none.
   */
  crdt(_strategy: 'lww'): Field<T, 'projected', X> {
    const { container, default: fallback, optional, readonly, unique, serverOnly } = this.spec;
    if (container) throw new Fault('invalid', 'the field is a part of the document already');
    if (readonly || unique || serverOnly)
      throw new Fault('invalid', 'what is readonly, unique or server-only cannot be merged');
    if (fallback === undefined && !optional)
      throw new Fault('invalid', 'crdt takes a field with a default, or an optional one');
    return new Field({ ...this.spec, container: 'register' });
  }

  /** Says that the rows of an older schema hold this field as `name`. Throws `invalid` for a document's field. */
  renamedFrom(name: string): Field<T, M, X> {
    if (this.spec.container) throw new Fault('invalid', "a document's field cannot be renamed");
    return new Field({ ...this.spec, renamedFrom: name });
  }
}

/** A field that the docs plane alone writes: the column is a copy. */
function projected<T>(container: ContainerKind, spec: FieldSpec): Field<T, 'projected'> {
  return new Field({ ...spec, container });
}

/** The revision of its document that a row shows: a column of each entity with documents. [D11] */
export const DOC_REV = 'docRev';

/** What an entity has besides its own fields: `docRev`, if it has documents. */
export type WithDocRev<F> = true extends {
  [K in keyof F]: F[K] extends Field<infer _T, 'projected'> ? true : never;
}[keyof F]
  ? F & { docRev: Field<number, 'projected'> }
  : F;

export function docRevField(): Field<number, 'projected'> {
  return new Field({ kind: 'int', shape: s.int(0), default: 0, revision: true });
}

/** SQL holds UTF-8, which cannot say half a surrogate pair: it would come back as another text. [Q3] */
function textShape(maxChars: number): Shape<string> {
  const inner = s.string(maxChars);
  return shape(inner.json, (value) => {
    const text = inner.parse(value);
    return /\p{Cs}/u.test(text) ? miss('text of whole characters') : text;
  });
}

function bytesShape(maxBytes: number): Shape<string> {
  return shape(`bytes<=${maxBytes}`, (value) => {
    if (typeof value !== 'string') return miss('bytes as base64url text');
    // Its length first: a text that is too long is not read.
    if ((base64UrlBytes(value) ?? 0) > maxBytes) return miss(`at most ${maxBytes} bytes`);
    return isBase64Url(value) ? value : miss('bytes as base64url text');
  });
}

export const field = {
  string: (maxChars = MAX_STRING_CHARS) => new Field<string>({ kind: 'string', shape: textShape(maxChars) }),
  int: (min?: number, max?: number) => new Field<number>({ kind: 'int', shape: s.int(min, max) }),
  float: () => new Field<number>({ kind: 'float', shape: s.number() }),
  bool: () => new Field<boolean>({ kind: 'bool', shape: s.bool() }),
  /** Milliseconds since 1970 (UTC). */
  datetime: () => new Field<number>({ kind: 'datetime', shape: s.int() }),
  enum: <const V extends readonly string[]>(...values: V) =>
    new Field<V[number]>({ kind: 'enum', shape: s.oneOf(...values), values }),
  json: <T extends Json = Json>() => new Field<T>({ kind: 'json', shape: s.json() }),
  /** The id of a row of the entity named `target`. */
  id: <const N extends string>(target: N) =>
    new Field<string, 'required', { readonly to: N }>({ kind: 'id', shape: textShape(64), target }),
  /** Up to `maxBytes` bytes. Rows carry them as base64url text (base/base64url.ts), SQL as a BLOB. */
  bytes: (maxBytes = MAX_FIELD_BYTES) => new Field<string>({ kind: 'bytes', shape: bytesShape(maxBytes) }),
  /** A LoroText in the row's document; the column holds its plain text and is written by the docs plane alone. */
  richtext: () => projected<string>('text', { kind: 'richtext', shape: s.string(), default: '' }),
  /** A richtext that no marks are meant for. */
  text: () => projected<string>('text', { kind: 'richtext', shape: s.string(), default: '' }),
  /** A LoroMap: keys are merged one by one. The column holds it as JSON. */
  map: <T extends Record<string, Json> = Record<string, Json>>() =>
    projected<T>('map', { kind: 'json', shape: s.json(), default: {} }),
  /** A LoroList. The column holds it as JSON. */
  list: <T extends Json = Json>() => projected<T[]>('list', { kind: 'json', shape: s.json(), default: [] }),
  /** A LoroMovableList: moving an item is one edit, so two who move it do not double it. */
  movableList: <T extends Json = Json>() =>
    projected<T[]>('movableList', { kind: 'json', shape: s.json(), default: [] }),
  /** A LoroTree. The column holds its roots with all that is below them. */
  tree: () => projected<TreeNode[]>('tree', { kind: 'json', shape: s.json(), default: [] }),
  /** A LoroCounter: what several add to it at once adds up. */
  counter: () => projected<number>('counter', { kind: 'float', shape: s.number(), default: 0 }),
};
