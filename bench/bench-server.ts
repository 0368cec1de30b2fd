/** A server of an app on a free port, with its database in a folder that is removed afterwards. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, createServer, type Server } from 'ternion/server';

export interface BenchServer {
  readonly server: Server;
  close(): Promise<void>;
}

export async function benchServer(app: App): Promise<BenchServer> {
  const folder = mkdtempSync(join(tmpdir(), 'ternion-bench-'));
  const database = join(folder, 'bench.db');
  const server = await createServer(app, { port: 0, database, logLevel: 'error', signals: false });
  return {
    server,
    async close() {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
