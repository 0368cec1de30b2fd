/** Opens a document again and again, each time on a new connection into an empty replica; prints medians. */
import { quantile } from '../figure.ts';
import { type DocSystemName, openDocSystem } from '../open-doc-system.ts';

interface Options {
  system: DocSystemName;
  url: string;
  doc: string;
  lazy: boolean;
  characters: number;
  opens: number;
}

const { system, url, doc, lazy, characters, opens }: Options = JSON.parse(process.argv[2] ?? '{}');
/** Not counted. */
const WARM_UP = 3;
/** A slow one is opened less often: once to warm up, and then as long as there is time. */
const LIMIT_MS = 5000;

const docs = await openDocSystem(system, url);
const [ms, joinMs]: [number[], number[]] = [[], []];
let bytes = 0;
const start = performance.now();
for (let i = 0; i < WARM_UP + opens; i++) {
  const late = performance.now() - start > LIMIT_MS;
  if (late && ms.length > 0) break;
  const opened = await docs.open(doc, { lazy });
  if (opened.text.length !== characters) throw new Error(`${opened.text.length} characters`);
  if (i < WARM_UP && !late) continue;
  ms.push(opened.ms);
  joinMs.push(opened.joinMs);
  bytes = opened.bytes;
}
const median = (values: number[]) =>
  quantile(
    values.sort((a, b) => a - b),
    0.5,
  );
console.log(JSON.stringify({ ms: median(ms), joinMs: median(joinMs), bytes }));
process.exit(0);
