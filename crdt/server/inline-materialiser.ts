/** Materialiser on the caller's own thread: right for tests and small documents. */
import { LoroDoc } from 'loro-crdt';
import type { JsonObject } from '../../src/base/json.ts';
import type { AnyEntity } from '../../src/schema/define-schema.ts';
import { textOf } from '../core/containers.ts';
import { NO_VERSIONS, type Versions } from '../core/versions.ts';
import type { Materialiser, Shadow } from './materialiser.ts';

export class InlineMaterialiser implements Materialiser {
  open(entity: AnyEntity): Shadow {
    return new InlineShadow(entity.documentFields);
  }

  async snapshot(updates: Uint8Array): Promise<Uint8Array> {
    const doc = new LoroDoc();
    try {
      doc.import(updates);
      return doc.export({ mode: 'snapshot' });
    } finally {
      doc.free();
    }
  }

  async close(): Promise<void> {}
}

class InlineShadow implements Shadow {
  readonly #fields: readonly string[];
  readonly #doc = new LoroDoc();
  #versions = NO_VERSIONS;
  #closed = false;

  constructor(fields: readonly string[]) {
    this.#fields = fields;
  }

  get versions(): Versions {
    return this.#versions;
  }

  async read(update: Uint8Array | null, versions: Versions): Promise<JsonObject> {
    if (update) this.#doc.import(update);
    this.#versions = versions;
    const columns: JsonObject = {};
    for (const field of this.#fields) {
      const text = textOf(this.#doc, field);
      columns[field] = text.toString();
      text.free(); // a handle that lives would keep the document's memory
    }
    return columns;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#doc.free();
  }
}
