/**
 * Fills the new table of an entity from its old one: in SQL where a column keeps its meaning, else row by row
 * through a data function and the parsers of the new schema. Called by apply-steps.ts, inside its transaction.
 */
import { Fault } from '../base/fault.ts';
import type { JsonObject } from '../base/json.ts';
import type { AnyEntity } from '../schema/define-schema.ts';
import type { EntityManifest } from '../schema/manifest.ts';
import { defaultLiteral, quote } from './ddl.ts';
import { fromSql, toSql } from './row-codec.ts';
import type { SqlDriver, SqlRow } from './sql-driver.ts';

/**
 * A row of the old schema, under its new names and with the fields that are dropped, becomes one of the new.
 * Fields that are dropped may stay in the result. The id cannot change.
 */
export type DataFunction = (row: JsonObject) => JsonObject;

export interface Move {
  readonly from: EntityManifest;
  readonly to: EntityManifest;
  /** New field name to old. */
  readonly names: ReadonlyMap<string, string>;
  /** The table to fill. */
  readonly table: string;
}

const PAGE_ROWS = 500;

/** For moves that change no value. Returns how many rows there were. */
export function copyRows(driver: SqlDriver, { from, to, names, table }: Move): Promise<number> {
  const fields = Object.entries(to.fields);
  const columns = ['id', ...fields.map(([name]) => name)].map(quote).join(', ');
  const values = fields.map(([name, field]) => {
    const old = names.get(name) ?? name;
    return Object.hasOwn(from.fields, old) ? quote(old) : defaultLiteral(field);
  });
  const source = ['"id"', ...values].join(', ');
  return driver.run(`INSERT INTO ${quote(table)} (${columns}) SELECT ${source} FROM ${quote(from.name)}`);
}

/** Page by page, in order of id. Throws `invalid` with the id of the first row that does not fit. */
export async function convertRows(
  driver: SqlDriver,
  move: Move,
  into: { entity: AnyEntity; convert: DataFunction | undefined },
): Promise<number> {
  const { entity, convert } = into;
  const keys = Object.keys(entity.fields);
  const columns = ['id', ...keys].map(quote).join(', ');
  const marks = ['id', ...keys].map(() => '?').join(', ');
  const insert = `INSERT INTO ${quote(move.table)} (${columns}) VALUES (${marks})`;
  const select = `SELECT * FROM ${quote(move.from.name)} WHERE "id" > ? ORDER BY "id" LIMIT ?`;
  let count = 0;
  for (let afterId = ''; ; ) {
    const page = await driver.all(select, [afterId, PAGE_ROWS]);
    for (const stored of page) {
      const id = String(stored.id);
      const row = fitRow(entity, move, { id, convert, old: decodeOld(move, stored) });
      await driver.run(insert, [id, ...keys.map((key) => toSql(entity.fields[key]!.spec, row[key]))]);
    }
    count += page.length;
    if (page.length < PAGE_ROWS) return count;
    afterId = String(page.at(-1)!.id);
  }
}

function decodeOld({ from, names }: Move, stored: SqlRow): JsonObject {
  const renamed = new Map([...names].map(([name, old]) => [old, name]));
  const row: JsonObject = { id: String(stored.id) };
  for (const [key, field] of Object.entries(from.fields))
    row[renamed.get(key) ?? key] = fromSql(field, stored[key]);
  return row;
}

function fitRow(
  entity: AnyEntity,
  { from }: Move,
  { id, old, convert }: { id: string; old: JsonObject; convert: DataFunction | undefined },
): JsonObject {
  try {
    const made = convert ? convert(old) : old;
    const kept = Object.entries(made).filter(([key, value]) => {
      const spec = entity.fields[key]?.spec;
      if (!spec) return key !== 'id' && !Object.hasOwn(from.fields, key); // parseRow refuses what is left
      return value !== null || spec.optional || spec.kind === 'json'; // a null becomes the default
    });
    return entity.parseRow(id, Object.fromEntries(kept));
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    const advice = convert ? 'the data function' : 'give migrate a data function';
    const message = `${entity.name} ${id} does not fit the new schema (${advice}): ${cause.message}`;
    throw new Fault('invalid', message, { entity: entity.name, id }, { cause });
  }
}
