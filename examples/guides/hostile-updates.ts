/** The code of docs/guides/hostile-updates.md. */
import { type DocsInstance, docs } from 'ternion/crdt/server';
import { defineApp } from 'ternion/server';
import { schema } from './migrations.ts';

export const app = defineApp({
  schema,
  plugins: [docs({ tryFirst: ['Page'], suspectMs: 24 * 3_600_000, maxStrikes: 2 })],
});

export async function lookAt({ quarantine }: DocsInstance): Promise<void> {
  for (const { n, entity, id, owner, reason } of await quarantine.list()) {
    console.log(`${entity} ${id}: ${reason}, by ${owner}`);
    if (reason === 'builds_on') await quarantine.delete(n);
  }
}
