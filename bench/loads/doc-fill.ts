/** Gives a server the document of the editing trace; prints the trace's name and the length of the text. */
import { applyTrace, paperTrace } from '../editing-trace.ts';
import { type DocSystemName, openDocSystem } from '../open-doc-system.ts';

const { system, url, doc }: { system: DocSystemName; url: string; doc: string } = JSON.parse(
  process.argv[2] ?? '{}',
);
const trace = paperTrace();
await (await openDocSystem(system, url)).fill(doc, trace);
console.log(JSON.stringify({ trace: trace.name, characters: applyTrace(trace).length }));
process.exit(0);
