/**
 * Brings a database to the schema of the app: by itself at start where that loses nothing (Store.open), on
 * request for the rest. One transaction: all of it or none. When clients' copies of rows are void by it, the
 * log is emptied and the epoch is a new one, so no cursor leads past the change. [L5]
 */
import type { Env } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import { newId } from '../base/id.ts';
import type { Schema } from '../schema/define-schema.ts';
import { describeStep, diff, type Step, touchesRows } from '../schema/diff.ts';
import { buildManifest } from '../schema/manifest.ts';
import { applySteps } from './apply-steps.ts';
import { LOG_TABLES } from './change-log.ts';
import type { DataFunction } from './move-rows.ts';
import type { SqlDriver } from './sql-driver.ts';
import { loadManifest, saveManifest } from './stored-manifest.ts';

export interface MigrateOptions {
  /** Which steps may be taken; default `additive`. */
  readonly allow?: 'additive' | 'destructive';
  /** Takes all steps, destructive ones too, and undoes them: shows the plan and whether the rows fit it. */
  readonly dryRun?: boolean;
  /** By new name of the entity. Each is run once for every row, and only with a step for its entity. */
  readonly data?: Readonly<Record<string, DataFunction>>;
}

export interface Migration {
  readonly steps: readonly Step[];
  /** Rows that were written anew. */
  readonly rows: number;
}

export interface Database {
  readonly driver: SqlDriver;
  readonly schema: Schema;
}

/**
 * For the app's own script, while no server runs on the database. Throws `invalid` when a step is not allowed
 * or a row does not fit, `conflict` when a unique index meets a value twice; then nothing was changed.
 */
export async function migrate(
  env: Env,
  { driver, schema }: Database,
  options: MigrateOptions = {},
): Promise<Migration> {
  await driver.run('BEGIN IMMEDIATE');
  try {
    for (const sql of LOG_TABLES) await driver.run(sql);
    const allow = options.dryRun ? 'destructive' : (options.allow ?? 'additive');
    const done = await migrateWithin(env, { driver, schema }, { allow, data: options.data ?? {} });
    await driver.run(options.dryRun ? 'ROLLBACK' : 'COMMIT');
    if (!options.dryRun) logMigration(env, done);
    return done;
  } catch (error) {
    await driver.run('ROLLBACK').catch(() => {});
    throw error;
  }
}

/** As `migrate`, inside the caller's transaction, on a database that has `_meta` and `_log`. */
export async function migrateWithin(
  env: Env,
  { driver, schema }: Database,
  { allow, data }: Required<Pick<MigrateOptions, 'allow' | 'data'>>,
): Promise<Migration> {
  const after = buildManifest(schema);
  const before = await loadManifest(driver, after);
  const steps = diff(before, after);
  const moved = steps.find((step) => step.do === 'change field' && step.parts.includes('container'));
  if (moved)
    throw new Fault(
      'invalid',
      `${describeStep(moved)}: documents keep what they hold. Add a field of another name`,
    );
  if (allow === 'additive') refuseDestructive(steps);
  const idle = Object.keys(data).find((name) => !steps.some(({ entity }) => entity === name));
  if (idle !== undefined && steps.length > 0)
    throw new Fault('invalid', `a data function for ${idle}, which has no step to be taken`);
  const rows = steps.length === 0 ? 0 : await applySteps(driver, { before, after, steps, schema, data });
  await saveManifest(driver, after);
  if (steps.some(touchesRows)) await beginEpoch(env, driver);
  return { steps, rows };
}

/** Forgets the log and names a new history: whoever comes with a cursor begins anew. [L4] [L5] */
export async function beginEpoch(env: Env, driver: SqlDriver): Promise<void> {
  await driver.run(
    `INSERT OR REPLACE INTO _meta (key, value) SELECT 'horizon', CAST(MAX(seq) AS TEXT) FROM _log HAVING MAX(seq) > 0`,
  );
  await driver.run(
    `INSERT OR REPLACE INTO _meta (key, value) SELECT 'clock', CAST(MAX(at) AS TEXT) FROM _log HAVING MAX(at) > 0`,
  );
  await driver.run('DELETE FROM _log');
  await driver.run(`INSERT OR REPLACE INTO _meta (key, value) VALUES ('epoch', ?)`, [newId(env)]);
}

export function logMigration(env: Env, { steps, rows }: Migration): void {
  if (steps.length > 0) env.log.info('store.migrated', { steps: steps.map(describeStep), rows });
}

function refuseDestructive(steps: readonly Step[]): void {
  const refused = steps.filter(({ effect }) => effect === 'destructive').map(describeStep);
  if (refused.length === 0) return;
  const lines = refused.map((line) => `  - ${line}`).join('\n');
  const advice =
    'Back the database up, then run: ternion migrate <app> --allow destructive ' +
    '(docs/guides/schema-and-migrations.md). ' +
    'A new field needs no migration when it is optional or has a default.';
  const message = `the rows in the database do not simply fit the schema:\n${lines}\n${advice}`;
  throw new Fault('invalid', message, { steps: refused });
}
