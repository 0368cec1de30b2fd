/** Does to a large document what tick-delay.ts lists; says before each part that it begins. */
import { LoroDoc, type PeerID } from 'loro-crdt';
import { createGuest } from '../client.ts';
import { DocSession } from '../doc-session.ts';
import { largeText } from '../large-document.ts';

interface Options {
  url: string;
  edits: number;
  pauseMs: number;
  lingerMs: number;
}

const PASTE_CHARACTERS = 1_000_000;
const BURST_EDITS = 20_000;
/** A part lasts so much longer than what was asked for: columns and snapshots are made after it. */
const REST_MS = 1500;

const { url, edits, pauseMs, lingerMs }: Options = JSON.parse(process.argv[2] ?? '{}');
const token = await createGuest(url);
const ignore = () => {};
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
async function part(name: string, work: () => Promise<unknown>): Promise<void> {
  process.send?.(name);
  await work();
  await pause(REST_MS);
}

await part('none', () => pause(edits * pauseMs));

const session = await DocSession.connect(url, token);
// Edits beside what is there: an import of it would keep this process busy, and the machine with it.
const doc = new LoroDoc();
let push: (bytes: Uint8Array) => void = ignore;
await part('join', async () => {
  const opened = await session.open('p', ignore);
  doc.setPeerId(`${opened.joined.peer}` as PeerID);
  let n = 0;
  push = (bytes) => opened.push(++n, bytes);
});
const body = doc.getText('body');
function edit(change: () => void): void {
  const from = doc.oplogVersion();
  change();
  doc.commit();
  push(doc.export({ mode: 'update', from }));
}
await part('edit', async () => {
  for (let n = 0; n < edits; n++) {
    edit(() => body.insert(n * 5, 'typed'));
    await pause(pauseMs);
  }
});
const text = largeText(PASTE_CHARACTERS);
await part('paste', async () => edit(() => body.insert(100, text)));
await part('burst', async () =>
  edit(() => {
    for (let i = 0; i < BURST_EDITS; i++) body.insert((i * 7919) % 500_000, 'word');
  }),
);

const again = await DocSession.connect(url, token);
let size = 0;
await part('join-again', async () => {
  const { joined } = await again.open('p', ignore);
  size = joined.bytes.length + joined.tail.length;
});
await part('unload', async () => {
  session.end();
  again.end();
  await pause(lingerMs);
});
await part('mutation', async () => {
  for (let i = 0; i < 5; i++) {
    const answer = await fetch(`${url}/api/fn/pages.edit`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ id: 'q' }),
    });
    if (!answer.ok) throw new Error(await answer.text());
  }
});
console.log(JSON.stringify({ size }));
process.exit(0);
