/** `window.__editor`: what the page knows, for tests and for the curious. See the README of this example. */
import type { Json, SyncEngine } from 'ternion/client';
import type { EditorApp } from '../app.ts';

export interface EditorDebug {
  readonly engine: SyncEngine<EditorApp>;
  /** The columns of a note's fields, as a query or a search would see them. */
  columns(id: string): { summary: string; body: string; page: Json } | undefined;
}

declare global {
  interface Window {
    __editor?: EditorDebug;
  }
}

export function exposeDebug(engine: SyncEngine<EditorApp>): void {
  window.__editor = {
    engine,
    columns: (id) => {
      const row = engine.store.get('Note', id);
      return row && { summary: row.summary, body: row.body, page: row.page };
    },
  };
}
