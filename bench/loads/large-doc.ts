/** Opens a large document, edits it at a steady pace and opens it once more; says before each part that it begins. */
import { LoroDoc, type PeerID } from 'loro-crdt';
import { createGuest } from '../client.ts';
import { DocSession } from '../doc-session.ts';

interface Options {
  url: string;
  edits: number;
  pauseMs: number;
}

const { url, edits, pauseMs }: Options = JSON.parse(process.argv[2] ?? '{}');
const token = await createGuest(url);
const ignore = () => {};

process.send?.('join');
const session = await DocSession.connect(url, token);
const { joined, push } = await session.open('p', ignore);
const doc = new LoroDoc();
doc.import(joined.bytes);
doc.setPeerId(`${joined.peer}` as PeerID);

process.send?.('edit');
for (let n = 1; n <= edits; n++) {
  const from = doc.oplogVersion();
  doc.getText('body').insert(n * 100, 'typed');
  doc.commit();
  push(n, doc.export({ mode: 'update', from }));
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
}

process.send?.('join again');
const again = await DocSession.connect(url, token);
const { joined: second } = await again.open('p', ignore);
console.log(JSON.stringify({ bytes: second.bytes.length + second.tail.length, rev: second.rev }));
process.exit(0);
