/**
 * `npm run bench -- docs --json > file`, then `node bench/docs-table.ts < file`: the tables of documents in
 * README.md, a row for each system. Medians; what was not measured stays empty.
 */
import { text } from 'node:stream/consumers';
import type { Figure } from './figure.ts';

const SYSTEMS: readonly [name: string, label: string][] = [
  ['', 'Ternion, durable'],
  ['ternion-memory', 'Ternion, database in memory'],
  ['hocuspocus', 'Hocuspocus'],
  ['y-websocket', 'y-websocket'],
  ['loro-websocket', 'loro-websocket'],
  ['automerge-repo', 'automerge-repo'],
];
const READERS = [10, 100, 500];

const lines = (await text(process.stdin)).split('\n').filter((line) => line.startsWith('{'));
const figures = new Map(lines.map((line): [string, Figure] => [JSON.parse(line).name, JSON.parse(line)]));

function median(name: string, ...rest: string[]): string {
  const found = figures.get([name, ...rest].filter(Boolean).join('.'));
  if (!found) return '';
  const { median } = found;
  return median >= 1000 ? Math.round(median).toLocaleString('en') : String(Number(median.toPrecision(3)));
}

/** Figures of 10, 100 and 500 readers in one cell. */
function each(name: (readers: number) => string): string {
  const values = READERS.map(name);
  return values.some(Boolean) ? values.map((value) => value || '-').join(' / ') : '';
}

function print(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, i) => (i === 0 ? '---' : '---:'));
  const full = rows.filter((row) => row.slice(1).some(Boolean));
  console.log([head, rule, ...full].map(line).join('\n'), '\n');
}

const closed = (readers: number) => `docs.closed.${readers}`;
print(
  [
    'closed loop, 10 / 100 / 500 readers',
    'updates/s',
    'ours by theirs',
    'p99 ms',
    'server CPU us/update',
    'B/update/reader',
  ],
  SYSTEMS.map(([system, label]) => [
    label,
    each((n) => median(closed(n), system)),
    system ? each((n) => median(closed(n), `vs-${system}`)) : '',
    each((n) => median(closed(n), system, 'p99')),
    each((n) => median(closed(n), system, 'cpu')),
    each((n) => median(closed(n), system, 'bytes')),
  ]),
);

const [paced, cold, bytes] = ['docs.paced.100', 'docs.cold-open', 'docs.bytes-per-keystroke'];
print(
  [
    'one writer, 100 readers, 20/s; the large document; ten writers',
    'p50 ms',
    'p99 ms',
    'B/update/reader',
    'connect to text ms',
    'B',
    'B/keystroke/reader',
  ],
  SYSTEMS.map(([system, label]) => [
    label,
    median(paced, system, 'p50'),
    median(paced, system, 'p99'),
    median(paced, system, 'bytes'),
    system ? median(cold, system) : median(cold, 'connect'),
    median(cold, system, 'bytes'),
    median(bytes, system),
  ]),
);

const compared = (name: string) =>
  name.startsWith('docs.closed') ||
  name.includes('.vs-') ||
  SYSTEMS.some(([system]) => system && name.includes(system));
print(
  ['figure', 'median', 'min', 'max', 'unit'],
  [...figures.values()]
    .filter(({ name }) => !compared(name))
    .map(({ name, median, min, max, unit }) => [`\`${name}\``, ...[median, min, max].map(String), unit]),
);
