import { LoroDoc } from 'loro-crdt';
import { expect, test } from 'vitest';
import { mountOnDoc } from './mount-on-doc.ts';

test('an editor is mounted anew when the document or the right to edit changes, and only then', () => {
  const listeners = new Set<() => void>();
  const handle = {
    doc: new LoroDoc(),
    editable: false,
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const tell = () => {
    for (const listener of listeners) listener();
  };
  const [first, second] = [handle.doc, new LoroDoc()];
  const log: unknown[] = [];
  const close = mountOnDoc(handle, (doc, editable) => {
    const name = `${doc === first ? 'first' : 'second'} ${editable ? 'rw' : 'r'}`;
    log.push(name);
    return () => log.push(`-${name}`);
  });
  tell();
  handle.editable = true;
  tell();
  tell();
  handle.doc = second;
  tell();
  close();
  handle.editable = false;
  tell();
  expect(log).toEqual(['first r', '-first r', 'first rw', '-first rw', 'second rw', '-second rw']);
  expect(listeners.size).toBe(0);
});
