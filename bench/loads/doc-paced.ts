/** One writer types at a steady pace; prints the delay from typed to each reader in ms, and bytes per edit and reader. */
import { quantile } from '../figure.ts';
import { type DocSystemName, openDocSystem } from '../open-doc-system.ts';

interface Options {
  system: DocSystemName;
  url: string;
  doc: string;
  readers: number;
  edits: number;
  perSecond: number;
}

const { system, url, doc, readers, edits, perSecond }: Options = JSON.parse(process.argv[2] ?? '{}');
/** Edits that are not counted: code is compiled, the first projection is made. */
const WARM_UP = 40;
/** Longest wait for the last edit to reach everybody. */
const END_MS = 10_000;

const docs = await openDocSystem(system, url);
const typedAt: number[] = [];
const delays: number[] = [];
let bytesBefore = 0;

const writer = await docs.write(doc, {});
const followers: { readonly bytesIn: number }[] = [];
for (let i = 0; i < readers; i++) {
  let seen = 0;
  const follower = await docs.follow(doc, (upTo) => {
    const now = performance.now();
    for (; seen < upTo; seen++) if (seen >= WARM_UP) delays.push(now - typedAt[seen]!);
    if (delays.length === edits * readers) finish();
  });
  followers.push(follower);
}

const bytes = () => followers.reduce((sum, { bytesIn }) => sum + bytesIn, 0);

const typing = setInterval(() => {
  if (typedAt.length === WARM_UP) bytesBefore = bytes();
  typedAt.push(performance.now());
  writer.type();
  if (typedAt.length === WARM_UP + edits) clearInterval(typing);
}, 1000 / perSecond);
setTimeout(() => process.exit(1), ((WARM_UP + edits) / perSecond) * 1000 + END_MS);

function finish(): void {
  delays.sort((a, b) => a - b);
  const perEdit = (bytes() - bytesBefore) / (edits * readers);
  console.log(JSON.stringify({ p50: quantile(delays, 0.5), p99: quantile(delays, 0.99), bytes: perEdit }));
  process.exit(0);
}
