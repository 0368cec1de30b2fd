/** `openDoc`: one document per row and engine, shared by all who open it. */
import { Refcount } from '../../src/base/refcount.ts';
import type { EngineHost } from '../../src/client/channel.ts';
import { type DocRef, docKey } from '../core/doc-ref.ts';
import { DocHandle } from './doc-handle.ts';
import { DEFAULT_DOC, type DocOptions } from './options.ts';
import { SharedDoc } from './shared-doc.ts';

interface Slot {
  readonly shared: SharedDoc;
  readonly refs: Refcount;
}

/** State of the engines, kept beside them: src/client knows no plane. An engine that is gone takes its slots along. */
const slotsOf = new WeakMap<EngineHost, Map<string, Slot>>();

/** Opens the document of a row, or joins those who have it open. */
export function openDoc(host: EngineHost, entity: string, id: string): DocHandle {
  return openDocWith(host, { entity, id }, {});
}

/** As `openDoc`; `options` count for the first who opens it. */
export function openDocWith(host: EngineHost, ref: DocRef, options: Partial<DocOptions>): DocHandle {
  let slots = slotsOf.get(host);
  if (!slots) {
    slots = new Map();
    slotsOf.set(host, slots);
  }
  const key = docKey(ref);
  let slot = slots.get(key);
  if (!slot) {
    const present = slots;
    slot = makeSlot(host, { ref, options: { ...DEFAULT_DOC, ...options }, gone: () => present.delete(key) });
    slots.set(key, slot);
  }
  return new DocHandle(slot.shared, slot.refs.acquire());
}

function makeSlot(host: EngineHost, deps: { ref: DocRef; options: DocOptions; gone: () => void }): Slot {
  const { ref, options, gone } = deps;
  const shared = new SharedDoc(host, ref, options);
  let lingers = 0;
  const refs = new Refcount(host.env.clock, options.lingerMs, () => {
    // A refused one has nowhere to send to; its edits wait on this device.
    if (shared.state.name !== 'refused' && shared.pending && lingers++ < options.maxLingers) {
      refs.acquire()(); // waits once more
      return;
    }
    refs.close();
    gone();
    shared.close();
  });
  return { shared, refs };
}
