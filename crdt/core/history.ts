/**
 * The history of a document, as it is told: what server code and clients get, and what a client may ask. A version
 * is a text that means something to the server alone.
 */
import { type Infer, type Shape, s, tagged } from '../../src/base/shape.ts';

/** Longest text of a version: some four hundred writers at once. */
export const MAX_VERSION_CHARS = 16_384;
/** Longest name of a version, in UTF-16 units. */
export const MAX_NAME_CHARS = 200;
/** Changes in one page of a history. */
export const MAX_PAGE = 200;

/**
 * Questions of one reader, answers that it has not taken yet included; one more is refused as `overloaded`.
 */
export const MAX_ASKS = 4;

/** A stretch of changes. */
export interface DocChange {
  /** The document after it; for the newest one, the document as it is now. */
  readonly version: string;
  /** The document before it. */
  readonly since: string;
  /** When it began by the server's clock, ms since 1970. */
  readonly at: number;
  /** User ids; null for all who are not signed in. */
  readonly authors: readonly (string | null)[];
}

export interface HistoryPage {
  /** The newest first. */
  readonly changes: readonly DocChange[];
  /** Where the next page begins; null when there is none. */
  readonly before: number | null;
}

export interface PageWish {
  /** 1 to 200; 50 unless told. */
  readonly limit?: number | undefined;
  /** `before` of the last page. */
  readonly before?: number | undefined;
}

export interface NamedVersion {
  readonly name: string;
  readonly version: string;
  /** When it was named by the server's clock, ms since 1970. */
  readonly at: number;
  /** User id of who named it; null for nobody who is signed in. */
  readonly author: string | null;
}

const version = s.string(MAX_VERSION_CHARS);
const name = s.string(MAX_NAME_CHARS);

/** What `ask` may say. `view` is told the fields as JSON, `name` the version, `restore` and `unname` null. */
export const askShape = tagged({
  list: s.object({ limit: s.optional(s.int(1, MAX_PAGE)), before: s.optional(s.int(1)) }),
  view: s.object({ version }),
  restore: s.object({ version }),
  names: s.object({}),
  name: s.object({ name, version: s.optional(version) }),
  unname: s.object({ name }),
});
export type Ask = Infer<typeof askShape>;

const who = s.nullable(s.string());
export const pageShape: Shape<HistoryPage> = s.object({
  changes: s.array(s.object({ version, since: version, at: s.int(), authors: s.array(who) })),
  before: s.nullable(s.int()),
});
export const namesShape: Shape<NamedVersion[]> = s.array(
  s.object({ name, version, at: s.int(), author: who }),
);
export const refusalShape = s.object({ code: s.string(), message: s.string() });
