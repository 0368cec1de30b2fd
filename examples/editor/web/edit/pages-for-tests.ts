/** Two pages that edit one document, without a network: they take each other's edits when told to. */
import { LoroDoc } from 'loro-crdt';
import type { Json } from 'ternion/client';
import type { DocHandle, Presence } from 'ternion/crdt/client';

export class TestPage {
  doc = new LoroDoc();
  editable = true;
  readonly name: string;
  /** What it shows to the others. */
  shown: Json = null;
  others: ReadonlyMap<number, Presence> = new Map();
  readonly #listeners = new Set<() => void>();
  readonly #watchers = new Set<() => void>();

  constructor(name: string) {
    this.name = name;
  }

  /** As much of a handle as editors use. */
  get handle(): DocHandle {
    const page = this;
    const subscribeTo = (set: Set<() => void>) => (listener: () => void) => {
      set.add(listener);
      return () => set.delete(listener);
    };
    const handle = {
      get doc() {
        return page.doc;
      },
      get editable() {
        return page.editable;
      },
      subscribe: subscribeTo(this.#listeners),
      awareness: {
        get others() {
          return page.others;
        },
        get mine() {
          return page.shown;
        },
        set: (state: Json) => {
          page.shown = state;
        },
        subscribe: subscribeTo(this.#watchers),
      },
    };
    return handle as unknown as DocHandle;
  }

  /** The document becomes another object, or may or may not be edited any more. */
  become(change: { doc?: LoroDoc; editable?: boolean }): void {
    Object.assign(this, change);
    for (const listener of this.#listeners) listener();
  }

  see(...pages: TestPage[]): void {
    const states = pages.map(
      ({ name, shown }, i) => [i, { key: i, userId: `user-${name}`, name, state: shown }] as const,
    );
    this.others = new Map(states);
    for (const watcher of this.#watchers) watcher();
  }

  takeFrom(other: TestPage): void {
    this.doc.import(other.doc.export({ mode: 'update', from: this.doc.oplogVersion() }));
  }
}

/** Both take what they lack, as it was before either took anything. */
export function exchange(a: TestPage, b: TestPage): void {
  const forA = b.doc.export({ mode: 'update', from: a.doc.oplogVersion() });
  b.takeFrom(a);
  a.doc.import(forA);
}
