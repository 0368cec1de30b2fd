/**
 * `npm start`: the examples from one process, on one port, behind a launcher page. Web sides are built when
 * they are missing or stale. `npm run dev [name]`: the same with hot reload.
 *
 *   TERNION_PORT       default 4321
 *   TERNION_HOST       default 127.0.0.1
 *   TERNION_DATABASE   default .ternion/data/<name>.db
 *   TERNION_LOG_LEVEL  default warn: what people need to read is printed
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createServer } from 'ternion/server';
import { buildIfStale } from './serve/build.ts';
import { addPages } from './serve/pages.ts';
import { ROOT, siteOf } from './serve/site.ts';
import { app as world } from './world/app.ts';

const EXAMPLES = { world };

async function main(args: readonly string[]): Promise<void> {
  const isDev = args.includes('--dev');
  const name = args.find((arg) => !arg.startsWith('-')) ?? 'world';
  if (!isExample(name)) throw new Error(`no example ${name}; there is: ${Object.keys(EXAMPLES).join(', ')}`);
  const site = siteOf(name);
  const { TERNION_PORT = '4321', TERNION_HOST: host = '127.0.0.1', TERNION_LOG_LEVEL } = process.env;
  const database = process.env.TERNION_DATABASE ?? `${ROOT}.ternion/data/${name}.db`;
  await mkdir(dirname(database), { recursive: true });
  const quiet = TERNION_LOG_LEVEL === undefined ? { logLevel: 'warn' as const } : {};

  if (isDev) {
    const { startDev } = await import('./serve/dev.ts');
    const server = await createServer(EXAMPLES[name], { ...quiet, host, port: 0, database });
    await startDev(site, { port: Number(TERNION_PORT), host, backend: server.url });
    return announce(name, Number(TERNION_PORT));
  }
  await buildIfStale(site, () => console.log(`Building the web side of ${name}, once ...`));
  const server = await createServer(EXAMPLES[name], {
    ...quiet,
    host,
    database,
    http: (routes) => addPages(routes, [site]),
  });
  announce(name, server.port);
}

function announce(name: string, port: number): void {
  console.log(`Ternion ${name}: http://localhost:${port}/`);
  console.log('Stop it with Ctrl+C.');
}

function isExample(name: string): name is keyof typeof EXAMPLES {
  return Object.hasOwn(EXAMPLES, name);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  if (isTaken) console.error('That port is taken; choose another: TERNION_PORT=4400 npm start');
  else console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
