/**
 * Closed loop on one document: one writer keeps a fixed number of edits under way, N readers. An edit is done
 * when every reader has got it and, where the server says what is durable, when it is. Prints edits per second,
 * the 99th percentile of the time from typed to done, and bytes per edit and reader.
 */
import { quantile } from '../figure.ts';
import { type DocSystemName, openDocSystem } from '../open-doc-system.ts';
import { SlowestReader } from '../slowest-reader.ts';

interface Options {
  system: DocSystemName;
  url: string;
  doc: string;
  readers: number;
  inFlight: number;
  seconds: number;
}

const { system, url, doc, readers, inFlight, seconds }: Options = JSON.parse(process.argv[2] ?? '{}');
const WARM_UP_MS = 500;
/** Joins under way at once. */
const JOINS = 20;
/** More than any server took so far. */
const PREPARED = 40_000;

const docs = await openDocSystem(system, url);
const slowest = new SlowestReader(readers);
const typedAt: number[] = [];
const delays: number[] = [];
let safe = 0;
let done = 0;
let started = false;
let measuring = false;

const writer = await docs.write(doc, {
  safe: (edits) => {
    safe = edits;
    if (started) advance();
  },
});
const followers: { readonly bytesIn: number }[] = [];
for (let i = 0; i < readers; i += JOINS) {
  const joins = Array.from({ length: Math.min(JOINS, readers - i) }, (_, k) =>
    docs.follow(doc, (edits) => {
      if (slowest.moved(i + k, edits)) advance();
    }),
  );
  followers.push(...(await Promise.all(joins)));
}

function advance(): void {
  const now = performance.now();
  for (const until = Math.min(slowest.edits, safe); done < until; done++) {
    if (measuring) delays.push(now - typedAt[done]!);
  }
  while (typedAt.length - done < inFlight) {
    typedAt.push(performance.now());
    writer.type();
  }
}

// A replica of Loro makes some 10,000 edits a second here, which would be what is measured.
writer.prepare?.(PREPARED);

const bytes = () => followers.reduce((sum, { bytesIn }) => sum + bytesIn, 0);

started = true;
advance();
setTimeout(() => {
  process.send?.('begin');
  measuring = true;
  const [bytesBefore, start] = [bytes(), performance.now()];
  setTimeout(() => {
    const elapsedS = (performance.now() - start) / 1000;
    const edits = delays.length;
    const bytesPerEdit = (bytes() - bytesBefore) / (edits * readers);
    delays.sort((a, b) => a - b);
    const result = { perSecond: edits / elapsedS, p99: quantile(delays, 0.99), bytes: bytesPerEdit, edits };
    process.send?.('end', () => {
      console.log(JSON.stringify(result));
      process.exit(0);
    });
  }, seconds * 1000);
}, WARM_UP_MS);
