/** What an operator may do about the quarantine; `DocsInstance.quarantine`. [D3] */
import { Fault } from '../../src/base/fault.ts';
import type { Canary } from './canary.ts';
import type { DocHub } from './hub.ts';
import type { Quarantine, Quarantined } from './quarantine.ts';

interface Deps {
  readonly quarantine: Quarantine;
  readonly hub: DocHub;
  readonly canary: Canary;
}

/** Lists, releases and deletes what was taken out of documents. */
export class QuarantineDesk {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** The newest entries first, 100 unless told. */
  list(limit?: number): Promise<Quarantined[]> {
    return this.#deps.quarantine.list(limit);
  }

  /**
   * Puts an entry back into its document, and takes it out of the quarantine once it is durable there. It is tried
   * first: throws `conflict` when the document cannot take it (it is bad, or builds on what is bad), `not_found` when
   * the entry or the row is gone. Server versions with a newer Loro may take what older ones could not.
   */
  async release(n: number): Promise<void> {
    const { quarantine, hub, canary } = this.#deps;
    const { entity, id, bytes } = await quarantine.read(n);
    const { doc, release } = await hub.acquire({ entity, id });
    try {
      await doc.entry.repair;
      const verdict = await canary.trialOn(doc.entry.base(), bytes);
      if (verdict !== 'fine') throw new Fault('conflict', `the document cannot take it: ${verdict}`);
      await doc.entry.intake.add(bytes);
      await doc.entry.settle();
    } finally {
      release();
    }
    await quarantine.delete(n);
  }

  /** Forgets an entry for good. */
  delete(n: number): Promise<void> {
    return this.#deps.quarantine.delete(n);
  }
}
