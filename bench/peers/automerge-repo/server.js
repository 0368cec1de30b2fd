/** A Repo that shares everything with everybody, as the sync server of automerge-repo is, in memory only. */
import { createServer } from 'node:http';
import { Repo } from '@automerge/automerge-repo';
import { WebSocketServerAdapter } from '@automerge/automerge-repo-network-websocket';
import { WebSocketServer } from 'ws';
import { serve } from '../../serve.ts';

const http = createServer();
const sockets = new WebSocketServer({ server: http });
new Repo({ network: [new WebSocketServerAdapter(sockets)], peerId: 'server' });
http.listen(0, '127.0.0.1', () => serve(`http://127.0.0.1:${http.address().port}`));
