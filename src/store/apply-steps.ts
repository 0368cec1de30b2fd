/**
 * Takes the steps of a plan (schema/diff.ts), inside the caller's transaction. SQLite can add a column and
 * rename a table; for whatever else a table is made anew, filled, and put in the place of the old one
 * (https://sqlite.org/lang_altertable.html, "making other kinds of table schema changes").
 */
import { Fault, isFault } from '../base/fault.ts';
import type { Schema } from '../schema/define-schema.ts';
import { type FieldPart, isFillable, renamed, type Step } from '../schema/diff.ts';
import type { EntityManifest, IndexManifest, Manifest } from '../schema/manifest.ts';
import { addColumn, createIndex, createTable, indexName, quote } from './ddl.ts';
import { convertRows, copyRows, type DataFunction, type Move } from './move-rows.ts';
import type { SqlDriver } from './sql-driver.ts';

export interface Plan {
  readonly before: Manifest;
  readonly after: Manifest;
  readonly steps: readonly Step[];
  readonly schema: Schema;
  /** By new name of the entity. */
  readonly data: Readonly<Record<string, DataFunction>>;
}

/** Parts of a field that its column shows. */
const IN_COLUMN: readonly FieldPart[] = ['kind', 'optional', 'required', 'default'];
/** Parts that bind the rows there are. */
const IN_VALUES: readonly FieldPart[] = ['kind', 'required', 'values'];

/** Returns how many rows were moved to a new table. */
export async function applySteps(driver: SqlDriver, plan: Plan): Promise<number> {
  const { before, after, steps } = plan;
  const earlier = new Map(before.entities.map((entity) => [entity.name, entity]));
  const names = renamed(after.renames.entities, earlier, new Map(after.entities.map((e) => [e.name, e])));
  for (const step of steps) {
    if (step.do === 'drop entity') await driver.run(`DROP TABLE ${quote(step.entity)}`);
    if (step.do === 'drop index')
      await driver.run(`DROP INDEX IF EXISTS ${quote(indexName(step.entity, step.index))}`);
  }
  let moved = 0;
  for (const entity of after.entities) {
    const own = steps.filter((step) => step.entity === entity.name);
    const from = earlier.get(names.get(entity.name) ?? entity.name);
    if (!from) await driver.run(createTable(entity));
    else if (own.some(needsNewTable(entity)) || Object.hasOwn(plan.data, entity.name)) {
      moved += await rebuild(driver, plan, { from, to: entity });
      continue; // with all its indexes
    } else await alter(driver, entity, own);
    for (const step of own) if (step.do === 'create index') await makeIndex(driver, entity.name, step.index);
  }
  return moved;
}

function needsNewTable(entity: EntityManifest): (step: Step) => boolean {
  return (step) =>
    step.do === 'drop field' ||
    step.do === 'rename field' ||
    (step.do === 'add field' && !isFillable(entity.fields[step.field]!)) ||
    (step.do === 'change field' && step.parts.some((part) => [...IN_COLUMN, ...IN_VALUES].includes(part)));
}

async function alter(driver: SqlDriver, entity: EntityManifest, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    if (step.do === 'rename entity')
      await driver.run(`ALTER TABLE ${quote(step.from)} RENAME TO ${quote(entity.name)}`);
    if (step.do === 'add field')
      await driver.run(addColumn(entity.name, step.field, entity.fields[step.field]!));
  }
}

async function rebuild(
  driver: SqlDriver,
  { after, steps, schema, data }: Plan,
  { from, to }: Pick<Move, 'from' | 'to'>,
): Promise<number> {
  const hints = after.renames.fields[to.name] ?? {};
  const [old, made] = [from, to].map(({ fields }) => new Map(Object.entries(fields)));
  const move: Move = { from, to, names: renamed(hints, old!, made!), table: `_new_${to.name}` };
  const convert = Object.hasOwn(data, to.name) ? data[to.name] : undefined;
  const revalued = steps.some(
    (step) =>
      step.entity === to.name &&
      ((step.do === 'change field' && step.parts.some((part) => IN_VALUES.includes(part))) ||
        (step.do === 'add field' && !isFillable(to.fields[step.field]!))),
  );
  await driver.run(createTable(to, move.table));
  const count =
    convert || revalued
      ? await convertRows(driver, move, { entity: schema.entity(to.name), convert })
      : await copyRows(driver, move);
  await driver.run(`DROP TABLE ${quote(from.name)}`);
  await driver.run(`ALTER TABLE ${quote(move.table)} RENAME TO ${quote(to.name)}`);
  for (const index of to.indexes) await makeIndex(driver, to.name, index);
  return count;
}

async function makeIndex(driver: SqlDriver, entity: string, index: IndexManifest): Promise<void> {
  try {
    await driver.run(createIndex(entity, index));
  } catch (cause) {
    if (!isFault(cause, 'conflict')) throw cause;
    const message = `${entity}: rows share a value of ${index.fields.join(', ')}, which is to be unique`;
    throw new Fault('conflict', message, { entity, index: index.name }, { cause });
  }
}
