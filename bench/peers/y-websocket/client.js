/** DocSystem with the server of y-websocket: one socket for a document, which its path names. */
import * as Y from 'yjs';
import { yjsDocs } from '../yjs-docs.js';

export const openPeer = (url) => yjsDocs(Y, url, { path: (doc) => `/${doc}`, head: false });
