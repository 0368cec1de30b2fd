/**
 * What a player feels: how often a prediction is wrong and how far off what is drawn then is, over a bad link
 * (netcode-walk.ts); and what a drawn frame costs (netcode-frame.ts).
 */
import { type Figure, quantile, type Sample, type Workload } from './figure.ts';
import { netcodeFrameWorkloads } from './netcode-frame.ts';
import { type Drawn, type Point, walk } from './netcode-walk.ts';

const SECONDS = 60;
/** Metres in a second. */
const OTHER_SPEED = 4.6;

function walking(): Workload {
  let seed = 0;
  return {
    units: {
      'netcode.misprediction-percent': '% of ticks',
      'netcode.error-p99-cm': 'cm',
      'netcode.error-max-cm': 'cm',
      'netcode.key-to-screen-ms': 'ms',
      'netcode.other-step-ms': 'ms',
      'netcode.other-error-p99-cm': 'cm',
      'netcode.delay-ms': 'ms',
    } satisfies Record<Figure['name'], string>,
    async run(): Promise<Sample> {
      const { frames, ticks, mispredictions, keyToScreenMs } = await walk(++seed, SECONDS);
      const errors = sorted(frames.map(({ own, ownTruth }) => distance(own, ownTruth) * 100));
      const others = sorted(frames.map(({ other, otherTruth }) => distance(other, otherTruth) * 100));
      return {
        'netcode.misprediction-percent': (mispredictions / ticks) * 100,
        'netcode.error-p99-cm': quantile(errors, 0.99),
        'netcode.error-max-cm': errors.at(-1)!,
        'netcode.key-to-screen-ms': Math.max(...keyToScreenMs),
        'netcode.other-step-ms': Math.max(...stepsMs(frames)),
        'netcode.other-error-p99-cm': quantile(others, 0.99),
        'netcode.delay-ms': quantile(sorted(frames.map(({ delayMs }) => delayMs)), 0.5),
      };
    },
  };
}

/** By how much more than the time between two frames the other has moved, as a time at his speed. */
function stepsMs(frames: readonly Drawn[]): number[] {
  return frames.slice(1).map(({ other, ms }, i) => {
    const before = frames[i]!;
    return (distance(other, before.other) / OTHER_SPEED) * 1000 - (ms - before.ms);
  });
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function sorted(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

export const netcodeWorkloads: Record<string, () => Workload> = {
  'netcode.walk': walking,
  ...netcodeFrameWorkloads,
};
