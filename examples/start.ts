/**
 * `npm start [name]`: the examples from one process behind a launcher page, each an app of its own on a port
 * of its own. Web sides are built when they are missing or stale. `npm run dev [name]`: one, with hot reload.
 *
 *   TERNION_PORT       default 4321: the first example, and each further one on the next port
 *   TERNION_HOST       default 127.0.0.1
 *   TERNION_DATABASE   default .ternion/data/<name>.db; with a name only
 *   TERNION_BOTS       default 24: bots on the plaza of the world, up to 960
 *   TERNION_LOG_LEVEL  default warn: what people need to read is printed
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createServer, type Server } from 'ternion/server';
import { app as editor } from './editor/app.ts';
import { buildIfStale } from './serve/build.ts';
import { addPages } from './serve/pages.ts';
import { ROOT, siteOf } from './serve/site.ts';
import { worldApp } from './world/app.ts';

const { TERNION_BOTS = '24' } = process.env;
const EXAMPLES = { world: worldApp({ bots: Number(TERNION_BOTS) }), editor };
type Name = keyof typeof EXAMPLES;
const NAMES: readonly Name[] = ['world', 'editor'];

const { TERNION_PORT = '4321', TERNION_HOST: host = '127.0.0.1', TERNION_LOG_LEVEL } = process.env;
const firstPort = Number(TERNION_PORT);
const quiet = TERNION_LOG_LEVEL === undefined ? { logLevel: 'warn' as const } : {};

async function main(args: readonly string[]): Promise<void> {
  const given = args.find((arg) => !arg.startsWith('-'));
  if (given !== undefined && !isExample(given))
    throw new Error(`no example ${given}; there is: ${NAMES.join(', ')}`);
  if (args.includes('--dev')) return develop(given ?? 'world');
  const names = given === undefined ? NAMES : [given];
  for (const name of names)
    await buildIfStale(siteOf(name), () => console.log(`Building the web side of ${name}, once ...`));
  const servers: Server[] = [];
  for (const name of names) servers.push(await serve(name, names));
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(
      signal,
      () => void Promise.all(servers.map((server) => server.close())).then(() => process.exit(0)),
    );
  names.forEach((name, i) => {
    announce(name, servers[i]!.port);
  });
  console.log('Stop it with Ctrl+C.');
}

async function serve(name: Name, names: readonly Name[]): Promise<Server> {
  const portOf = (one: Name) => firstPort + names.indexOf(one);
  const others = names.filter((one) => one !== name).map((one) => ({ name: one, port: portOf(one) }));
  const own = names.length === 1 ? process.env.TERNION_DATABASE : undefined;
  return createServer(EXAMPLES[name], {
    ...quiet,
    host,
    port: portOf(name),
    database: await folderOf(own ?? `${ROOT}.ternion/data/${name}.db`),
    signals: false,
    http: (routes) => addPages(routes, siteOf(name), others),
  });
}

async function develop(name: Name): Promise<void> {
  const { startDev } = await import('./serve/dev.ts');
  const database = await folderOf(process.env.TERNION_DATABASE ?? `${ROOT}.ternion/data/${name}.db`);
  const server = await createServer(EXAMPLES[name], { ...quiet, host, port: 0, database });
  await startDev(siteOf(name), { port: firstPort, host, backend: server.url });
  announce(name, firstPort);
  console.log('Stop it with Ctrl+C.');
}

/** The same path, in a folder that exists. */
async function folderOf(database: string): Promise<string> {
  await mkdir(dirname(database), { recursive: true });
  return database;
}

function announce(name: Name, port: number): void {
  console.log(`Ternion ${name}: http://localhost:${port}/`);
}

function isExample(name: string): name is Name {
  return Object.hasOwn(EXAMPLES, name);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  if (isTaken) console.error('That port is taken; choose another: TERNION_PORT=4400 npm start');
  else console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
