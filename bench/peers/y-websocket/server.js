/** The server of y-websocket as its own `server.js` starts it, with documents in memory only. */
import { createServer } from 'node:http';
import { setupWSConnection } from '@y/websocket-server/utils';
import WebSocket from 'ws';
import { serve } from '../../serve.ts';

const http = createServer();
const sockets = new WebSocket.Server({ noServer: true });
sockets.on('connection', setupWSConnection);
http.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (ws) => sockets.emit('connection', ws, request));
});
http.listen(0, '127.0.0.1', () => serve(`http://127.0.0.1:${http.address().port}`));
