/**
 * `node --conditions=ternion-source bench/netcode-plot.ts trace.svg [seed] [seconds]`: the walk of netcode-walk.ts as a
 * picture, to be looked at: how fast what is drawn goes, how far it is from the truth, and how far behind it is.
 */
import { writeFileSync } from 'node:fs';
import { type Drawn, type Point, walk } from './netcode-walk.ts';

const [file = 'trace.svg', seed = '1', seconds = '20'] = process.argv.slice(2);
const WIDTH = 1800;
const HEIGHT = 220;
const LEFT = 90;
const TOP = 40;

interface Line {
  readonly name: string;
  readonly colour: string;
  readonly of: (frame: Drawn, before: Drawn) => number;
}

interface Panel {
  readonly title: string;
  readonly most: number;
  readonly lines: readonly Line[];
}

const speed = (now: Point, then: Point, ms: number) =>
  (Math.hypot(now.x - then.x, now.y - then.y) / ms) * 1000;
const off = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y) * 100;
const GREY = '#bbb';
const RED = '#d33';
const panels: readonly Panel[] = [
  {
    title: 'own: metres a second, as drawn (red) and as the server had it (grey)',
    most: 10,
    lines: [
      { name: 'truth', colour: GREY, of: (a, b) => speed(a.ownTruth, b.ownTruth, a.ms - b.ms) },
      { name: 'drawn', colour: RED, of: (a, b) => speed(a.own, b.own, a.ms - b.ms) },
    ],
  },
  {
    title: 'own: cm from the truth',
    most: 20,
    lines: [{ name: 'error', colour: RED, of: (a) => off(a.own, a.ownTruth) }],
  },
  {
    title: 'other: metres a second, as drawn (red) and as the server had it at that playhead (grey)',
    most: 10,
    lines: [
      { name: 'truth', colour: GREY, of: (a, b) => speed(a.otherTruth, b.otherTruth, a.ms - b.ms) },
      { name: 'drawn', colour: RED, of: (a, b) => speed(a.other, b.other, a.ms - b.ms) },
    ],
  },
  {
    title: 'other: cm from the truth of its playhead (red), ms of delay behind the soonest frame (grey)',
    most: 250,
    lines: [
      { name: 'delay', colour: GREY, of: (a) => a.delayMs },
      { name: 'error', colour: RED, of: (a) => off(a.other, a.otherTruth) },
    ],
  },
];

const { frames } = await walk(Number(seed), Number(seconds));
const endMs = frames.at(-1)!.ms;
const x = (ms: number) => LEFT + (ms / endMs) * (WIDTH - LEFT - 10);
const parts = panels.map(({ title, most, lines }, n) => {
  const bottom = TOP + n * (HEIGHT + TOP) + HEIGHT;
  const y = (value: number) => bottom - (Math.min(value, most) / most) * HEIGHT;
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const at = y(share * most);
    return `<path d="M${LEFT} ${at}H${WIDTH}" stroke="#eee"/><text x="${LEFT - 8}" y="${at + 4}" text-anchor="end">${share * most}</text>`;
  });
  const curves = lines.map(({ name, colour, of }) => {
    const points = frames
      .slice(1)
      .map((frame, i) => `${x(frame.ms).toFixed(1)},${y(of(frame, frames[i]!)).toFixed(1)}`);
    return `<polyline class="${name}" points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.2"/>`;
  });
  return `<text x="${LEFT}" y="${bottom - HEIGHT - 10}">${title}</text>${grid.join('')}${curves.join('')}`;
});
const total = panels.length * (HEIGHT + TOP) + TOP;
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${total}" font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="#fff"/>${parts.join('')}</svg>`;
writeFileSync(file, svg);
console.log(`${file}: seed ${seed}, ${frames.length} frames of ${seconds} s`);
process.exit(0);
