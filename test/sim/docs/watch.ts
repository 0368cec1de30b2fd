/**
 * The docs plugin with a watcher at its door: which pushes went into a document, whose they were, and after
 * which transaction. It changes nothing.
 */
import type { DocsInstance, DocsPlugin } from 'ternion/crdt/server';
import type { App } from 'ternion/server';
import type { World } from 'ternion/testing';
import type { Versions } from '../../../crdt/core/versions.ts';
import type { Channel, ChannelHandler } from '../../../src/plugin/channel.ts';

/** A push that a document took. */
export interface Taken {
  readonly seq: number;
  readonly user: string | null;
  readonly entity: string;
  readonly id: string;
}

interface Watch {
  readonly instance: DocsInstance;
  readonly taken: Taken[];
}

/** By the store of a server's life. */
const watches = new WeakMap<object, Watch>();

export function watchOf<A extends App>(world: World<A>): Watch {
  const watch = watches.get(world.host.store);
  if (!watch) throw new Error('this server has no documents');
  return watch;
}

export function watched(plugin: DocsPlugin): DocsPlugin {
  return {
    name: 'docs',
    create(services) {
      const instance = plugin.create(services);
      const watch: Watch = { instance, taken: [] };
      watches.set(services.store, watch);
      const open = instance.channels.doc;
      Object.assign(instance, {
        channels: {
          doc: async (...[channel, params]: Parameters<typeof open>) => {
            const handler = await open(channel, params);
            return beside(handler, () => received(watch, params), {
              took: () => watch.taken.push({ seq: services.store.seq, ...whose(channel), ...refOf(params) }),
            });
          },
        },
      });
      return instance;
    },
  };
}

/** The handler with a look at the document before and after each frame. */
function beside(
  handler: ChannelHandler,
  look: () => Versions | undefined,
  { took }: { took: () => void },
): ChannelHandler {
  return {
    info: handler.info,
    opened: () => handler.opened?.(),
    drained: () => handler.drained?.(),
    closed: () => handler.closed(),
    frame(payload) {
      const before = look();
      handler.frame(payload);
      const after = look();
      if (before && after && [...after].some(([peer, end]) => (before.get(peer) ?? 0) < end)) took();
    },
  };
}

function received({ instance }: Watch, params: unknown): Versions | undefined {
  const { entity, id } = refOf(params);
  const entry = instance.hub.entries.find(({ ref }) => ref.entity === entity && ref.id === id);
  return entry?.received();
}

function whose({ session }: Channel): { user: string | null } {
  return { user: session.viewer.userId };
}

function refOf(params: unknown): { entity: string; id: string } {
  const { entity, id } = params as { entity: string; id: string };
  return { entity, id };
}
