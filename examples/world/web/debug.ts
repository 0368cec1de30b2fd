/** `window.__world`: what the page knows, for tests and for the curious. See the README of this example. */
import type { SyncEngine } from 'ternion/client';
import { showOverlay } from 'ternion/shards/client';
import type { WorldApp } from '../app.ts';
import { SIGN_ID } from '../schema.ts';
import type { Visit } from './visit.ts';

export interface WorldDebug {
  readonly engine: SyncEngine<WorldApp>;
  readonly plaza: Visit['plaza'];
  /** Everybody as drawn now, in metres. */
  people(): { id: number; kind: string; name: string; x: number; z: number }[];
  /** The id of one's own figure; 0 before the join. */
  me(): number;
  /** The text of the sign as the row's column has it. */
  signColumn(): string;
  entries(): { name: string; message: string }[];
  fps(): number;
  /** Shows what the shard's netcode does; resolves with what hides it again. */
  overlay(): Promise<() => void>;
  /** Draws at full sharpness from now on, whatever it costs. */
  sharpen(): void;
}

declare global {
  interface Window {
    __world?: WorldDebug;
  }
}

export function exposeDebug(visit: Visit): void {
  const { engine, plaza } = visit;
  window.__world = {
    engine,
    plaza,
    people: () =>
      plaza.entities.map(({ id, kind, name, position }) => ({
        id,
        kind,
        name,
        x: position.x,
        z: position.y,
      })),
    me: () => plaza.me?.id ?? 0,
    signColumn: () => engine.store.get('Sign', SIGN_ID)?.text ?? '',
    entries: () => engine.store.list('Entry').map(({ name, message }) => ({ name, message })),
    fps: () => visit.stage?.fps ?? 0,
    overlay: () => showOverlay(plaza),
    sharpen: () => visit.stage?.sharpen(),
  };
}
