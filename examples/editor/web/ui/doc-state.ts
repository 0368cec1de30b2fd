/** How a document stands, in words. */
import type { DocStatus } from 'ternion/crdt/react';

export function docState(status: DocStatus | null): string {
  switch (status?.state.name) {
    case 'live':
      if (status.state.dropped) return `Some of your edits were refused: ${status.state.dropped.message}`;
      if (status.state.rebased) return 'The note began anew; what you had not sent was written again';
      if (status.state.permission === 'read') return 'Read-only: only its owner may write';
      return status.pending ? 'Saving' : 'Saved by the server';
    case 'syncing':
      return 'Catching up';
    case 'offline':
      if (!status.editable) return 'Offline';
      return status.pending
        ? 'Offline; your edits are kept here and sent later'
        : 'Offline; you can go on writing';
    case 'refused':
      return `Not available: ${status.state.fault.message}`;
    default:
      return 'Opening ...';
  }
}
