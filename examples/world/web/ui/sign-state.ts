/** How the document stands, in words. */
import type { DocStatus } from 'ternion/crdt/react';

export function signState(status: DocStatus | null): string {
  switch (status?.state.name) {
    case 'live':
      if (status.state.dropped) return `Some of your text was refused: ${status.state.dropped.message}`;
      return status.pending ? 'Saving' : 'Saved by the server';
    case 'syncing':
      return 'Catching up';
    case 'offline':
      return status.pending
        ? 'Offline; your text is kept here and sent later'
        : 'Offline; you can go on writing';
    case 'refused':
      return `Not available: ${status.state.fault.message}`;
    default:
      return 'Opening ...';
  }
}
