/** `ternion migrate`: shows what leads from the database to the app's schema, and takes the steps. */
import { describeStep } from '../schema/diff.ts';
import { nodeEnv } from '../server/node-env.ts';
import { requireAlone } from '../store/alone.ts';
import { migrate } from '../store/migrate.ts';
import { withDatabase } from './database.ts';
import { loadApp, loadDataFunctions } from './load-app.ts';
import type { Report } from './report.ts';

export interface MigrateFlags {
  readonly database: string;
  /** Takes every step and undoes it. */
  readonly dryRun?: boolean;
  readonly allow?: 'additive' | 'destructive';
  /** A module that exports a function of a row for each entity that needs one. */
  readonly data?: string;
}

/** Throws what `migrate` of the store throws, and `conflict` while a server runs on the database. */
export async function migrateCommand(path: string, flags: MigrateFlags): Promise<Report> {
  const { schema } = await loadApp(path);
  const data = flags.data === undefined ? {} : await loadDataFunctions(flags.data);
  const options = { dryRun: flags.dryRun ?? false, allow: flags.allow ?? 'additive', data };
  const { steps, rows } = await withDatabase(flags.database, 'write', async (driver) => {
    await requireAlone(driver);
    return migrate(nodeEnv('warn'), { driver, schema }, options);
  });
  if (steps.length === 0) return { ok: true, lines: ['the database fits the schema'] };
  const plan = steps.map((step) => `${step.effect.padEnd(11)}  ${describeStep(step)}`);
  const end = flags.dryRun
    ? `nothing was changed (a dry run); ${rows} rows would be rewritten`
    : `done; ${rows} rows were rewritten`;
  return { ok: true, lines: [...plan, end] };
}
