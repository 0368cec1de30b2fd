/** Who holds a document that is loaded: this thread, or a worker. It may go over to the worker, and does not come back. */
import type { RemoteReplica } from './remote-replica.ts';
import type { Replica } from './replica.ts';

export interface Hold {
  replica: Replica | RemoteReplica;
}
