/** For tests: documents end to end: the real engine, server, store and codec, in a simulated world. */
import { afterEach } from 'vitest';
import { defineApp } from '../../../src/plugin/define-app.ts';
import { World } from '../../../src/testing/world.ts';
import type { DocsOptions } from '../../server/options.ts';
import { type DocsInstance, docs } from '../../server/plugin.ts';
import { Note, notesSchema } from '../../server/testing/notes.ts';
import type { DocHandle } from '../doc-handle.ts';
import { openDocWith } from '../open-doc.ts';
import type { DocOptions } from '../options.ts';

export type NoteApp = ReturnType<typeof appOf>['app'];
function appOf(options: Partial<DocsOptions>) {
  const plugin = docs({ materialiser: 'inline', ...options });
  let instance: DocsInstance | undefined;
  const app = defineApp({
    schema: notesSchema,
    plugins: [
      {
        name: 'docs',
        create: (services) => {
          instance = plugin.create(services);
          return instance;
        },
      },
    ],
  });
  return { app, instance: () => instance! };
}

let worlds: World<NoteApp>[] = [];
afterEach(async () => {
  for (const world of worlds) await world.close();
  worlds = [];
});

export async function makeWorld(options: Partial<DocsOptions> = {}, seed = 1) {
  let life: ReturnType<typeof appOf> | undefined;
  const app = () => {
    life = appOf(options);
    return life.app;
  };
  const world = await World.create({ app, seed });
  worlds.push(world);
  return { world, clock: world.env.clock, hub: () => life!.instance().hub };
}

export type Made = Awaited<ReturnType<typeof makeWorld>>;
export type Page = Awaited<ReturnType<Made['world']['client']>>;

export function open(page: Page, id: string, options: Partial<DocOptions> = {}): DocHandle {
  return openDocWith(page.engine, { entity: 'Note', id }, options);
}

export async function live(world: World<NoteApp>, ...handles: DocHandle[]): Promise<void> {
  await world.env.clock.until(() => handles.every(({ state }) => state.name === 'live'));
}

export function type(handle: DocHandle, text: string, at = handle.text('body').length): void {
  handle.text('body').insert(at, text);
  handle.doc.commit();
}

export const textIn = (handle: DocHandle) => handle.text('body').toString();

export async function columnOf({ world, clock }: Made, id: string): Promise<unknown> {
  const row = await clock.run(world.host.store.read((snapshot) => snapshot.get('Note', id)));
  return row?.body;
}

export async function newNote({ world, clock }: Made, fields: { editor?: string; reader?: string } = {}) {
  const id = world.newId();
  const row = Note.parseInsert(id, fields);
  await clock.run(world.host.store.write(({ tx }) => tx.insert('Note', row)));
  return id;
}

export async function grant(
  { world, clock }: Made,
  id: string,
  fields: { editor?: string; reader?: string },
) {
  await clock.run(world.host.store.write(({ tx }) => tx.update('Note', id, fields)));
  await clock.advance(200);
}
