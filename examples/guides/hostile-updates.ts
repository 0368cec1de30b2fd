/** The code of docs/guides/hostile-updates.md. */
import { type DocsInstance, docs } from 'ternion/crdt/server';
import { defineApp } from 'ternion/server';
import { schema } from './migrations.ts';

export const app = defineApp({
  schema,
  plugins: [docs({ tryFirst: ['Page'], suspectMs: 24 * 3_600_000, maxStrikes: 2 })],
});

/** Whose updates harmed something, and what came of edits that were built on them. */
export async function offenders({ quarantine }: DocsInstance): Promise<Set<string>> {
  const entries = await quarantine.list();
  for (const { n, reason } of entries) if (reason === 'builds_on') await quarantine.delete(n);
  return new Set(entries.filter(({ reason }) => reason !== 'builds_on').map(({ owner }) => owner));
}
