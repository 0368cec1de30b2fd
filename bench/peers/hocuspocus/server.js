/** Hocuspocus as it comes: updates of one turn are merged (`flushDelay: 0`), documents are in memory only. */
import { Server } from '@hocuspocus/server';
import { serve } from '../../serve.ts';

// Documents that nobody has open would be dropped at once: one that was filled is to be there for the next.
const server = new Server({
  port: 0,
  address: '127.0.0.1',
  quiet: true,
  stopOnSignals: false,
  beforeUnloadDocument: () => Promise.reject(),
});
await server.listen();
serve(`http://127.0.0.1:${server.httpServer.address().port}`);
