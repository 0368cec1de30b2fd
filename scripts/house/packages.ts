/** Where each package of package.json may be imported. Each new one needs a line here and one in the README. */
import type { Platform } from './rooms.ts';

type Place = (room: string, platform: Platform) => boolean;

const node: Place = (_, platform) => platform === 'node';
const browser: Place = (_, platform) => platform === 'browser';

const PLACES: Record<string, Place> = {
  '@hono/node-server': node,
  '@msgpack/msgpack': browser, // no `new Function`, so it runs under a strict content security policy
  commander: (room) => room === 'cli',
  hono: node,
  idb: browser,
  'loro-crdt': (room) => room.startsWith('crdt/'),
  msgpackr: node,
  pino: node,
  'prom-client': node,
  react: browser,
  vitest: (room) => room === 'testing',
  ws: node,
};

export function placeOf(name: string): Place | undefined {
  return Object.hasOwn(PLACES, name) ? PLACES[name] : undefined;
}
