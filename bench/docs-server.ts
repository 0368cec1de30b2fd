/** The server of the document benchmarks, as a process of its own: pages `p0`, `p1` ... in a database in `folder`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defineSchema, entity, field, policy } from 'ternion';
import { auth } from 'ternion/auth';
import { docs } from 'ternion/crdt/server';
import { createServer, defineApp } from 'ternion/server';
import { serve, serveOptions } from './serve.ts';

export interface DocsServerOptions {
  readonly folder: string;
  readonly pages: number;
  /** How long a document stays loaded without readers; the default without it. */
  readonly lingerMs?: number;
}

const { folder, pages, lingerMs }: DocsServerOptions = serveOptions();

// Rows are there for those who query them: no peer sends rows beside its documents.
const Page = entity('Page', { body: field.richtext() }, { sync: 'query' });
const schema = defineSchema({
  entities: [Page],
  policies: [policy({ entity: 'Page', allowRead: 'true', allowUpdate: 'true' })],
});
const app = defineApp({ schema, plugins: [auth(), docs(lingerMs === undefined ? {} : { lingerMs })] });
const database = join(folder, 'bench.db');
const isNew = !existsSync(database);
const server = await createServer(app, { port: 0, database, logLevel: 'error', signals: false });
if (isNew) {
  await server.host.store.write(async ({ tx }) => {
    for (let i = 0; i < pages; i++) await tx.insert('Page', { id: `p${i}`, body: '' });
  });
}
serve(server.url, () => server.close());
