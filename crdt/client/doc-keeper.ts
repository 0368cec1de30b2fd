/**
 * When a page's document goes to this device: soon after an edit, some time after the edits of others, at once when
 * the page is hidden or closed. Also which spare peer ids there are. Made by shared-doc.ts.
 */
import type { Cancel, Env } from '../../src/base/env.ts';
import type { DocPersistence } from '../../src/client/persistence.ts';
import type { DocRef } from '../core/doc-ref.ts';
import { DeviceDoc, type DocSave, type FoundDoc } from './device-doc.ts';
import type { DocOptions } from './options.ts';

export type Kept = Omit<DocSave, 'spares'>;

export class DocKeeper {
  readonly #env: Env;
  readonly #device: DeviceDoc;
  readonly #present: () => Kept | null;
  readonly #options: DocOptions;
  #timer: { readonly dueMs: number; readonly cancel: Cancel } | undefined;
  #spares: bigint[] | null = [];
  #hasSpare = false;

  /** `present` says what is to be kept now; null: nothing may be written. */
  constructor(
    env: Env,
    deps: { docs: DocPersistence; ref: DocRef; present: () => Kept | null },
    options: DocOptions,
  ) {
    this.#env = env;
    this.#device = new DeviceDoc(env, deps, options);
    this.#present = deps.present;
    this.#options = options;
  }

  /** Whether the server should be asked for a spare, for the next load of the page. */
  get wantsSpare(): boolean {
    return !this.#hasSpare && this.#options.keepDocs > 0;
  }

  async load(ownerNow: () => string | null): Promise<FoundDoc | null> {
    const found = await this.#device.load(ownerNow);
    this.#hasSpare = found?.hasMore ?? false;
    return found;
  }

  /** The server's answer to a join: 0 for no spare; without the right to edit those of before are void too. */
  granted(spare: bigint, mayEdit: boolean): void {
    if (!mayEdit) this.#spares = null;
    else if (spare !== 0n) this.#spares = [...(this.#spares ?? []), spare];
    this.#hasSpare = mayEdit && (this.#hasSpare || spare !== 0n);
  }

  /** This page edited. */
  edited(): void {
    this.#plan(this.#options.persistMs);
  }

  /** Others did. */
  received(): void {
    this.#plan(this.#options.copyMs);
  }

  /** Resolves when it is written, or cannot be. */
  async flush(): Promise<void> {
    this.stop();
    const kept = this.#present();
    if (kept) await this.#save(kept);
  }

  async void(kept: Kept): Promise<void> {
    this.stop();
    await this.#save(kept);
  }

  remake(peers: ReadonlyMap<bigint, number>, make: (taken: ReadonlyMap<bigint, number>) => Kept) {
    return this.#device.remake(peers, (taken) => ({ ...make(taken), spares: [] }));
  }

  /** The document is not this identity's to see any more. */
  async forget(): Promise<void> {
    this.stop();
    this.#hasSpare = false;
    await this.#device.forget();
  }

  async forgetCopy(): Promise<void> {
    await this.#device.forgetCopy();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #save(kept: Kept): Promise<void> {
    const spares = this.#spares;
    this.#spares = [];
    const isWritten = await this.#device.save({ ...kept, spares });
    if (!isWritten && spares && this.#spares) this.#spares = [...spares, ...this.#spares];
  }

  #plan(delayMs: number): void {
    const dueMs = this.#env.clock.monotonic() + delayMs;
    if (this.#timer && this.#timer.dueMs <= dueMs) return;
    this.stop();
    this.#timer = { dueMs, cancel: this.#env.clock.after(delayMs, () => void this.flush()) };
  }
}
