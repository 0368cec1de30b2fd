/**
 * A document is guarded as its row is: the read policy to join, the update policy to push. [D5] [P3] Where
 * these look at other rows (`exists`), what they saw last is kept here, and read again after each commit that
 * may turn it. [P4]
 */
import type { JsonObject } from '../../src/base/json.ts';
import type { Access } from '../../src/policy/access.ts';
import type { Viewer } from '../../src/policy/viewer.ts';
import type { Store } from '../../src/store/store.ts';
import type { Permission } from '../core/down-frame.ts';

interface Deps {
  readonly access: Access;
  readonly store: Store;
  readonly entity: string;
  readonly viewer: () => Viewer;
  readonly row: () => JsonObject;
}

const ASKED = ['read', 'update'] as const;
type Asked = (typeof ASKED)[number];

/** What one viewer may do to one document. */
export class Rights {
  readonly #deps: Deps;
  /** True: `learn` comes first, and again when something has changed. */
  readonly needRows: boolean;
  #doubts = 0;
  #settled = 0;
  #next: Promise<void> | undefined;
  readonly #witnesses = new Map<Asked, Awaited<ReturnType<Access['witnesses']>>>();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.needRows = ASKED.some((action) => deps.access.dependencies(action, deps.entity).length > 0);
  }

  /** Rows that decide have changed: until `learn` has read them, what is known may be over. */
  doubt(): void {
    this.#doubts++;
  }

  get doubtful(): boolean {
    return this.#settled < this.#doubts;
  }

  /**
   * Reads what the policies need. Reads are in turn, so the last to be asked for is the last to be known; one that
   * has not begun serves all who ask for it.
   */
  learn(): Promise<void> {
    this.#next ??= this.#learn().catch((error) => {
      this.#next = undefined;
      throw error;
    });
    return this.#next;
  }

  async #learn(): Promise<void> {
    const { access, store, entity, viewer, row } = this.#deps;
    await store.read(async (snapshot) => {
      this.#next = undefined;
      const doubts = this.#doubts;
      for (const action of ASKED) {
        const question = { action, entity, viewer: viewer(), data: row(), existing: row() };
        this.#witnesses.set(action, await access.witnesses(question, snapshot));
      }
      this.#settled = doubts;
    });
  }

  /** Null: this viewer may not even know that the document is there. */
  get permission(): Permission | null {
    if (!this.#may('read')) return null;
    return this.#may('update') ? 'write' : 'read';
  }

  #may(action: Asked): boolean {
    const { access, entity, viewer, row } = this.#deps;
    const images = { data: row(), existing: row(), witnesses: this.#witnesses.get(action) };
    return access.may(action, entity, viewer(), images);
  }
}

/** Who a peer id is bound to. [D9] All anonymous viewers are one identity: nothing tells them apart. */
export function ownerOf(viewer: Viewer): string {
  return viewer.userId === null ? 'anonymous' : `user:${viewer.userId}`;
}
