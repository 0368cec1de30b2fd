/** Shows the debug overlay of a shard. Its code is loaded when this is called, and nothing is measured before. */
import type { Cancel } from '../../src/base/env.ts';
import type { OverlaySource } from './overlay.ts';

/**
 * Shows what `handle` does in a corner of the page: clocks, frames with their bytes, how late they came, round trip,
 * buffers, mispredictions. Resolves with what takes it away again.
 */
export async function showOverlay(handle: OverlaySource, into: HTMLElement = document.body): Promise<Cancel> {
  const { Overlay } = await import('./overlay.ts');
  const overlay = new Overlay(handle, into);
  return () => overlay.close();
}
