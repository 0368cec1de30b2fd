/** A Host on a port: HTTP by Hono, WebSockets by ws, rows in SQLite, an end by SIGTERM. */
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { deferred } from '../base/deferred.ts';
import type { App } from '../plugin/define-app.ts';
import { DEFAULT_LIMITS } from '../protocol/limits.ts';
import { openSqlite } from '../store/sqlite.ts';
import { resolveConfig, type ServerConfig } from './config.ts';
import { Host } from './host.ts';
import { httpApp } from './http-app.ts';
import { pushBytes } from './http-limits.ts';
import { nodeEnv } from './node-env.ts';
import { attachWebSockets } from './ws-transport.ts';

export interface Server {
  readonly host: Host;
  readonly port: number;
  readonly url: string;
  /** Drains and closes; calling it again waits for the same end. [N2] */
  close(): Promise<void>;
}

/** Opens the database, starts the plugins and listens. Rejects when any of these fails. */
export async function createServer(app: App, config: ServerConfig = {}): Promise<Server> {
  const settings = resolveConfig(config);
  const env = nodeEnv(settings.logLevel);
  const writer = openSqlite(settings.database, { synchronous: 'FULL' });
  const reader = openSqlite(settings.database, { synchronous: 'FULL', readOnly: true });
  const host = new Host(app, env, { drivers: { writer, reader }, options: config });
  await host.start();

  const limits = { ...DEFAULT_LIMITS, ...config.limits };
  const { maxBodyBytes, origins, http: routes } = settings;
  const { fetch } = httpApp(host, { maxBodyBytes, maxPushBytes: pushBytes(limits), origins, routes });
  const http = createAdaptorServer({ fetch }) as HttpServer;
  const closeDoor = attachWebSockets(http, env, {
    maxPayload: Math.max(limits.textBytes, limits.binaryBytes),
    origins,
    accept: (transport, token) => host.accept(transport, token),
  });
  await listen(http, settings);
  const { port } = http.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= (async () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
      closeDoor();
      http.close();
      await host.close();
      http.closeAllConnections();
      env.log.info('server.closed');
    })();
    return closing;
  };
  const onSignal = () => void close().then(() => process.exit(0));
  if (settings.signals) for (const signal of SIGNALS) process.on(signal, onSignal);
  // Said last: who waits for it may end the process in the next instant. [N2]
  env.log.info('server.listen', { host: settings.host, port });
  return { host, port, url: `http://${settings.host}:${port}`, close };
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

function listen(http: HttpServer, { port, host }: { port: number; host: string }): Promise<void> {
  const { promise, resolve, reject } = deferred<void>();
  http.once('error', reject);
  http.listen(port, host, () => {
    http.off('error', reject);
    resolve();
  });
  return promise;
}
