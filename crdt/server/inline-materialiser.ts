/** Materialiser on the caller's own thread: right for tests and small documents. */
import { LoroDoc } from 'loro-crdt';
import type { Json, JsonObject } from '../../src/base/json.ts';
import { parseShape } from '../../src/base/shape.ts';
import type { AnyEntity } from '../../src/schema/define-schema.ts';
import { readContainer } from '../core/containers.ts';
import { NO_VERSIONS, type Versions } from '../core/versions.ts';
import type { Materialiser, Shadow } from './materialiser.ts';

export class InlineMaterialiser implements Materialiser {
  open(entity: AnyEntity): Shadow {
    return new InlineShadow(entity);
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
  readonly #entity: AnyEntity;
  readonly #doc = new LoroDoc();
  #versions = NO_VERSIONS;
  #closed = false;

  constructor(entity: AnyEntity) {
    this.#entity = entity;
  }

  get versions(): Versions {
    return this.#versions;
  }

  async read(update: Uint8Array | null, versions: Versions): Promise<JsonObject> {
    if (update) this.#doc.import(update);
    this.#versions = versions;
    const columns: JsonObject = {};
    for (const field of this.#entity.documentFields) columns[field] = this.#column(field);
    return columns;
  }

  /** Documents take any value, columns do not: what does not fit shows as the default. */
  #column(field: string): Json {
    const { container, shape, default: fallback = null } = this.#entity.fields[field]!.spec;
    const value = readContainer(this.#doc, field, container!);
    try {
      return parseShape(shape, value, field) as Json;
    } catch {
      return fallback;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#doc.free();
  }
}
