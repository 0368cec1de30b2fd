/** The app of a module, as the commands take it: the value of `defineApp(...)`, exported as `app`. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Fault } from '../base/fault.ts';
import type { App } from '../plugin/define-app.ts';
import { Schema } from '../schema/define-schema.ts';
import type { DataFunction } from '../store/move-rows.ts';

/** Throws `not_found` without such a file, `invalid` when it exports no app. Importing it must start nothing. */
export async function loadApp(path: string): Promise<App> {
  const { app } = await load(path);
  if (isApp(app)) return app;
  throw new Fault('invalid', `${path} does not export the value of defineApp(...) as "app"`);
}

/** The data functions of a migration: each export is named after its entity. Throws as `loadApp` does. */
export async function loadDataFunctions(path: string): Promise<Record<string, DataFunction>> {
  const exported = Object.entries(await load(path));
  const other = exported.find(([, value]) => typeof value !== 'function');
  if (other) throw new Fault('invalid', `${path} exports ${other[0]}, which is no function of a row`);
  return Object.fromEntries(exported) as Record<string, DataFunction>;
}

async function load(path: string): Promise<Record<string, unknown>> {
  const file = resolve(path);
  if (!existsSync(file)) throw new Fault('not_found', `no file ${path}`);
  return import(pathToFileURL(file).href);
}

function isApp(value: unknown): value is App {
  return typeof value === 'object' && value !== null && 'schema' in value && value.schema instanceof Schema;
}
