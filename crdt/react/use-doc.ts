/** A row's document as state. Components that use the same document share one; the last to go lets it go. */
import type { LoroDoc } from 'loro-crdt';
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { useEngine } from '../../src/react/provider.ts';
import type { DocHandle } from '../client/doc-handle.ts';
import type { DocState } from '../client/doc-state.ts';
import { openDoc } from '../client/open-doc.ts';

/** Null during the first render, and after the row's name changed until it is open. */
export function useDoc(entity: string, id: string): DocHandle | null {
  const engine = useEngine();
  const [opened, setOpened] = useState<{ entity: string; id: string; handle: DocHandle } | null>(null);
  useEffect(() => {
    const handle = openDoc(engine, entity, id);
    setOpened({ entity, id, handle });
    return () => handle.close();
  }, [engine, entity, id]);
  return opened?.entity === entity && opened.id === id ? opened.handle : null;
}

/** How a handle stands; another object after a change. */
export interface DocStatus {
  readonly doc: LoroDoc;
  readonly state: DocState;
  readonly editable: boolean;
  /** Edits of this device are not durable on the server yet. */
  readonly pending: boolean;
}

/** What a handle says of itself; a component renders again only when it says something else. */
export function useDocStatus(handle: DocHandle | null): DocStatus | null {
  const last = useRef<DocStatus | null>(null);
  const subscribe = useCallback(
    (listener: () => void) => handle?.subscribe(listener) ?? (() => {}),
    [handle],
  );
  const read = useCallback(() => {
    const next = handle && {
      doc: handle.doc,
      state: handle.state,
      editable: handle.editable,
      pending: handle.pending,
    };
    if (!sameStatus(last.current, next)) last.current = next;
    return last.current;
  }, [handle]);
  return useSyncExternalStore(subscribe, read, read);
}

/** The document of a row with its status; null until it is open. Its content changes without a render. */
export function useLoroDoc(entity: string, id: string): (DocStatus & { readonly handle: DocHandle }) | null {
  const handle = useDoc(entity, id);
  const status = useDocStatus(handle);
  return handle && status && { ...status, handle };
}

function sameStatus(a: DocStatus | null, b: DocStatus | null): boolean {
  if (!a || !b) return a === b;
  return a.doc === b.doc && a.state === b.state && a.editable === b.editable && a.pending === b.pending;
}
