/** A text field in CodeMirror, as a component. */
import { useEffect, useRef } from 'react';
import type { DocHandle } from 'ternion/crdt/client';
import { mountCode } from '../edit/code.ts';

export interface FieldProps {
  readonly handle: DocHandle;
  readonly field: string;
  readonly label: string;
}

export function CodeField({ handle, field, label }: FieldProps) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // CodeMirror brings its styles along; in a shadow root it may, whatever the page's security policy says.
    const root = place.current!.shadowRoot ?? place.current!.attachShadow({ mode: 'open' });
    return mountCode(handle, field, { parent: root, label });
  }, [handle, field, label]);
  return <div ref={place} className="surface code" />;
}
