/**
 * Where a field lives in its row's document: a root container of the field's own name. Roots exist without
 * being made, so two peers that first write at once share one (a child made by both would lose a side).
 * Handles keep the document's WASM memory: hold them no longer than their document.
 */
import type { LoroCounter, LoroDoc, LoroList, LoroMap, LoroMovableList, LoroText, LoroTree } from 'loro-crdt';
import { encodeBase64Url } from '../../src/base/base64url.ts';
import type { Json, JsonObject } from '../../src/base/json.ts';

/** As `ContainerKind` of the schema. */
export type Container = 'text' | 'map' | 'list' | 'movableList' | 'tree' | 'counter' | 'register';

/** The name of the field's root container. */
export function containerOf(field: string): string {
  return field;
}

export function textOf(doc: LoroDoc, field: string): LoroText {
  return doc.getText(containerOf(field));
}

export function mapOf(doc: LoroDoc, field: string): LoroMap {
  return doc.getMap(containerOf(field));
}

export function listOf(doc: LoroDoc, field: string): LoroList {
  return doc.getList(containerOf(field));
}

export function movableListOf(doc: LoroDoc, field: string): LoroMovableList {
  return doc.getMovableList(containerOf(field));
}

export function treeOf(doc: LoroDoc, field: string): LoroTree {
  return doc.getTree(containerOf(field));
}

export function counterOf(doc: LoroDoc, field: string): LoroCounter {
  return doc.getCounter(containerOf(field));
}

/** The key of a register's map. */
const REGISTER_KEY = 'value';

/** One value of which the last writer's stays: undefined until somebody writes it. */
export interface Register {
  get(): Json | undefined;
  set(value: Json): void;
}

export function registerOf(doc: LoroDoc, field: string): Register {
  const map = mapOf(doc, field);
  return {
    get: () => {
      const value: unknown = map.get(REGISTER_KEY);
      return value === undefined ? undefined : plainJson(value);
    },
    set: (value) => map.set(REGISTER_KEY, value),
  };
}

/** What the column of such a field shows; undefined for a register that nobody has written. */
export function readContainer(doc: LoroDoc, field: string, container: Container): Json | undefined {
  switch (container) {
    case 'text':
      return freeing(textOf(doc, field), (text) => text.toString());
    case 'map':
      return freeing(mapOf(doc, field), (map) => plainJson(map.toJSON()));
    case 'list':
      return freeing(listOf(doc, field), (list) => plainJson(list.toJSON()));
    case 'movableList':
      return freeing(movableListOf(doc, field), (list) => plainJson(list.toJSON()));
    case 'tree':
      return freeing(treeOf(doc, field), (tree) => tree.toJSON().map(treeNode));
    case 'counter':
      return freeing(counterOf(doc, field), (counter) => plainJson(counter.value));
    case 'register':
      return freeing(mapOf(doc, field), (map) => {
        const value: unknown = map.toJSON()[REGISTER_KEY];
        return value === undefined ? undefined : plainJson(value);
      });
  }
}

/** A handle that lives would keep the document's memory. */
function freeing<H extends { free(): void }, T>(handle: H, read: (handle: H) => T): T {
  try {
    return read(handle);
  } finally {
    handle.free();
  }
}

function treeNode(node: { id: string; meta?: unknown; children?: unknown }): JsonObject {
  const children: unknown = node.children;
  return {
    id: node.id,
    meta: plainJson(node.meta ?? {}),
    children: Array.isArray(children) ? children.map(treeNode) : [],
  };
}

/** What documents can hold and JSON cannot: bytes become base64url text, numbers without a value null. */
function plainJson(value: unknown): Json {
  if (value instanceof Uint8Array) return encodeBase64Url(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map(plainJson);
  if (typeof value !== 'object' || value === null) return null;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainJson(item)]));
}
