/** Several writers of one document at a steady pace each, and readers; prints bytes per keystroke and reader. */
import { type DocSystemName, openDocSystem } from '../open-doc-system.ts';

interface Options {
  system: DocSystemName;
  url: string;
  doc: string;
  writers: number;
  readers: number;
  perSecond: number;
  seconds: number;
}

const { system, url, doc, writers, readers, perSecond, seconds }: Options = JSON.parse(
  process.argv[2] ?? '{}',
);
/** For all to have joined, and for the last keystroke to arrive. */
const REST_MS = 1000;
const rest = () => new Promise((resolve) => setTimeout(resolve, REST_MS));

const docs = await openDocSystem(system, url);
const typists = [await docs.write(doc, { merges: true })];
while (typists.length < writers) typists.push(await docs.write(doc, { merges: true }));
const followers: { readonly bytesIn: number }[] = [];
for (let i = 0; i < readers; i++) followers.push(await docs.follow(doc, () => {}));
await rest();

const bytes = () => followers.reduce((sum, { bytesIn }) => sum + bytesIn, 0);
const before = bytes();
const everyMs = 1000 / (writers * perSecond);
const keystrokes = writers * perSecond * seconds;
for (let i = 0; i < keystrokes; i++) {
  typists[i % writers]!.type();
  await new Promise((resolve) => setTimeout(resolve, everyMs));
}
await rest();
console.log(JSON.stringify({ bytes: (bytes() - before) / (keystrokes * readers) }));
process.exit(0);
