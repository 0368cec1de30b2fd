/**
 * The manifest that the database was last brought to, kept in `_meta` beside the rows. Read by migrate.ts
 * before it compares, and written in the same SQL transaction as what it changes.
 */
import { Fault } from '../base/fault.ts';
import type { FieldKind } from '../schema/field.ts';
import {
  type EntityManifest,
  type FieldManifest,
  type Manifest,
  manifestOf,
  parseManifest,
} from '../schema/manifest.ts';
import { COLUMN_TYPES, indexName, quote } from './ddl.ts';
import type { SqlDriver } from './sql-driver.ts';

export async function saveManifest(driver: SqlDriver, manifest: Manifest): Promise<void> {
  await driver.run(`INSERT OR REPLACE INTO _meta (key, value) VALUES ('manifest', ?)`, [
    JSON.stringify(manifest.json),
  ]);
}

/**
 * What the database holds. One from before manifests were kept is looked at instead: what fits `expected` is
 * taken for it. Throws `storage` for a manifest that is none.
 */
export async function loadManifest(driver: SqlDriver, expected: Manifest): Promise<Manifest> {
  const [stored] = await driver.all(`SELECT value FROM _meta WHERE key = 'manifest'`);
  if (!stored) return manifestOf(await lookAt(driver, expected));
  try {
    return parseManifest(JSON.parse(String(stored.value)));
  } catch (cause) {
    throw new Fault('storage', 'the database holds no readable manifest', undefined, { cause });
  }
}

async function lookAt(driver: SqlDriver, expected: Manifest): Promise<EntityManifest[]> {
  const found: EntityManifest[] = [];
  for (const entity of expected.entities) {
    const columns = await driver.all(`PRAGMA table_info(${quote(entity.name)})`);
    if (columns.length === 0) continue;
    const present = await driver.all(`PRAGMA index_list(${quote(entity.name)})`);
    const names = new Set(present.map((index) => index.name));
    const fields = columns
      .filter(({ name }) => name !== 'id')
      .map(({ name, type, notnull }): [string, FieldManifest] => {
        const field = entity.fields[String(name)];
        const fits = field && COLUMN_TYPES[field.kind] === type;
        return [String(name), fits ? field : unknownField(String(type), notnull === 0)];
      });
    found.push({
      ...entity,
      fields: Object.fromEntries(fields),
      indexes: entity.indexes.filter((index) => names.has(indexName(entity.name, index.name))),
    });
  }
  return found;
}

const KINDS: Readonly<Record<string, FieldKind>> = { INTEGER: 'int', REAL: 'float', BLOB: 'bytes' };

function unknownField(type: string, optional: boolean): FieldManifest {
  const kind = KINDS[type] ?? 'string';
  const rest = {
    unique: false,
    readonly: false,
    serverOnly: false,
    default: null,
    target: null,
    values: null,
  };
  return { kind, shape: kind, optional, ...rest };
}
