/**
 * The code of docs/guides/schema-and-migrations.md, so that it is type-checked and run
 * (test/migration-guide.test.ts).
 */
import { defineSchema, entity, field } from 'ternion';
import {
  backUp,
  checkIntegrity,
  type DataFunction,
  type Env,
  migrate,
  openSqlite,
  restore,
} from 'ternion/server';

// schema.ts, as it was
const Note = entity('Note', {
  title: field.string(200),
  stars: field.string(),
  icon: field.bytes(4096).optional(),
});
export const before = defineSchema({ entities: [Note] });

// schema.ts, as it is now
const Page = entity(
  'Page',
  {
    heading: field.string(200).renamedFrom('title'),
    stars: field.int(0, 5).default(0),
    icon: field.bytes(4096).optional(),
    tags: field.json<string[]>().default([]),
  },
  { renamedFrom: 'Note', indexes: [{ name: 'by_stars', fields: ['stars'] }] },
);
export const schema = defineSchema({ entities: [Page] });

// migrate.ts
export async function toPages(env: Env, path: string) {
  await backUp(path, `${path}.before-pages`);
  const driver = openSqlite(path, { synchronous: 'FULL' });
  const data: Record<string, DataFunction> = { Page: (row) => ({ ...row, stars: Number(row.stars) }) };
  const plan = await migrate(env, { driver, schema }, { dryRun: true, data });
  await migrate(env, { driver, schema }, { allow: 'destructive', data });
  await driver.close();
  return plan.steps;
}

// back.ts
export async function goBack(env: Env, backup: string, path: string) {
  await restore(env, backup, path);
  const driver = openSqlite(path, { synchronous: 'FULL', readOnly: true });
  const problems = await checkIntegrity(driver, 'full');
  await driver.close();
  return problems;
}
