/** Somebody at one page: the documents that are open there, and what this page was told to be durable. */
import { type DocHandle, openDocWith } from 'ternion/crdt/client';
import type { SimClient } from 'ternion/testing';
import type { DocName, DocsApp } from './app.ts';
import { edit } from './edits.ts';
import type { Made, Story } from './story.ts';

const options = {
  batchMs: 10,
  persistMs: 20,
  lingerMs: 50,
  awarenessRefreshMs: 500,
  retry: { baseMs: 50, capMs: 500 },
};

/** Some times `persistMs`. */
const KEPT_MS = 100;

export class Person {
  readonly client: SimClient<DocsApp>;
  readonly #story: Story;
  readonly #handles = new Map<DocName, DocHandle>();
  /** Edits of this life of the page that may not be on its disk yet. */
  #fresh: { atMs: number; edit: Made }[] = [];

  constructor(client: SimClient<DocsApp>, story: Story) {
    this.client = client;
    this.#story = story;
  }

  get open(): DocName[] {
    return [...this.#handles.keys()];
  }

  handle(name: DocName): DocHandle {
    let handle = this.#handles.get(name);
    if (!handle) {
      handle = openDocWith(this.client.engine, name, options);
      this.#handles.set(name, handle);
    }
    return handle;
  }

  shut(name: DocName): void {
    this.#handles.get(name)?.close();
    this.#handles.delete(name);
  }

  /** The page is another one: what it had open is gone with it. */
  async reload(): Promise<void> {
    this.#handles.clear();
    await this.client.reload();
  }

  /** As `World.settle` does to pages that have crashed. */
  forget(): void {
    this.#handles.clear();
  }

  edit(name: DocName): void {
    const handle = this.handle(name);
    if (!handle.editable) return;
    const { doc } = handle;
    const token = this.#story.token();
    const { put, struck } = edit(handle, this.#story.world.env.random, token);
    const life = this.#story.life(name);
    const { user } = this.client;
    const made = { name, life, put, user, peer: doc.peerIdStr };
    this.#story.made(made);
    this.#fresh.push({ atMs: this.#now(), edit: made });
    for (const one of struck) this.#story.struck.add(`${name.id} ${one}`);
    handle.synced().then(
      () => {
        // Another document object: edits were refused, or the row is another.
        if (handle.doc === doc) this.#story.owe(made);
      },
      () => {}, // the page is gone, or was refused; it never knew
    );
  }

  /** To be called now and then: edits that have had the time are on the disk, unless the page died over them. */
  keep(owed: boolean): void {
    if (this.client.crashed) this.#fresh = [];
    const dueMs = this.#now() - KEPT_MS;
    if (owed) for (const { atMs, edit } of this.#fresh) if (atMs <= dueMs) this.#story.owe(edit);
    this.#fresh = this.#fresh.filter(({ atMs }) => atMs > dueMs);
  }

  #now(): number {
    return this.#story.world.env.clock.monotonic();
  }

  show(name: DocName, state: string): void {
    this.handle(name).awareness.set({ state });
  }

  /** What others show here, in order. */
  seen(name: DocName): string[] {
    const others = [...this.handle(name).awareness.others.values()];
    return others.map(({ userId, state }) => `${userId} ${JSON.stringify(state)}`).sort();
  }
}
