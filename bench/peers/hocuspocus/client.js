/** DocSystem with Hocuspocus: one socket, the document's name before each message, a token first. */
import * as Y from 'yjs';
import { Writer } from '../../../src/base/bytes.ts';
import { yjsDocs } from '../yjs-docs.js';

const [AUTH, TOKEN] = [2, 0];

export const openPeer = (url) =>
  yjsDocs(Y, url, {
    path: () => '/',
    head: true,
    greeting: (doc) => [new Writer().string(doc).varuint(AUTH).varuint(TOKEN).string('none').finish()],
  });
