/** A richtext field as React state, and a <textarea> that is edited together. */
import { type RefCallback, useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import type { DocHandle } from '../client/doc-handle.ts';
import { TextView } from '../client/text-view.ts';
import { bindTextarea, type TextareaLike } from '../client/textarea.ts';
import { useDoc } from './use-doc.ts';

const nothing = () => () => {};
const empty = () => '';

/**
 * `[value, setValue]`: setting writes the difference, so that what others type meanwhile stays. While the
 * document is not open or read-only, setting does nothing and returns false. For text that people type, use
 * `useCollabTextarea`: it keeps the caret and leaves an IME in peace.
 */
export function useCollabText(
  entity: string,
  id: string,
  field: string,
): [value: string, setValue: (value: string) => boolean] {
  const view = useTextView(useDoc(entity, id), field);
  const subscribe = useCallback((listener: () => void) => view?.subscribe(listener) ?? nothing(), [view]);
  const read = useCallback(() => view?.value ?? '', [view]);
  const value = useSyncExternalStore(view ? subscribe : nothing, view ? read : empty, empty);
  const setValue = useCallback((next: string) => view?.set(next) ?? false, [view]);
  return [value, setValue];
}

/** `<textarea ref={useCollabTextarea('Note', id, 'body')} />`; leave its value alone. */
export function useCollabTextarea(
  entity: string,
  id: string,
  field: string,
): RefCallback<HTMLTextAreaElement | HTMLInputElement> {
  return useTextareaRef(useDoc(entity, id), field);
}

/** As `useCollabTextarea`, for a handle that is open already. */
export function useTextareaRef(
  handle: DocHandle | null,
  field: string,
): RefCallback<HTMLTextAreaElement | HTMLInputElement> {
  return useCallback(
    (element: TextareaLike | null) => {
      if (!element) return;
      if (handle) return bindTextarea(handle, field, element);
      element.readOnly = true;
    },
    [handle, field],
  );
}

function useTextView(handle: DocHandle | null, field: string): TextView | null {
  const [view, setView] = useState<TextView | null>(null);
  useEffect(() => {
    if (!handle) return;
    const next = new TextView(handle, field);
    setView(next);
    return () => {
      next.close();
      setView(null);
    };
  }, [handle, field]);
  return view;
}
