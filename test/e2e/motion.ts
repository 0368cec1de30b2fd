/** How somebody's figure moves on another page, frame by frame. */
import { expect } from 'vitest';
import type { Visitor } from './visitor.ts';

export interface Step {
  readonly seconds: number;
  readonly metres: number;
}

/** The steps between frames in which the figure `id` was drawn, from its first movement on. */
export async function watch(by: Visitor, id: number, forMs: number): Promise<Step[]> {
  const samples = await by.page.evaluate(
    ([id, forMs]) =>
      new Promise<{ ms: number; x: number; z: number }[]>((resolve) => {
        const seen: { ms: number; x: number; z: number }[] = [];
        const started = performance.now();
        const look = () => {
          const ms = performance.now();
          const person = window.__world!.people().find((each) => each.id === id);
          if (person) seen.push({ ms, x: person.x, z: person.z });
          if (ms - started < forMs) requestAnimationFrame(look);
          else resolve(seen);
        };
        requestAnimationFrame(look);
      }),
    [id, forMs] as const,
  );
  const steps = samples.slice(1).map((sample, i): Step => {
    const before = samples[i]!;
    return {
      seconds: (sample.ms - before.ms) / 1000,
      metres: Math.hypot(sample.x - before.x, sample.z - before.z),
    };
  });
  return steps.slice(steps.findIndex(({ metres }) => metres > 0));
}

/** A frame drawn this soon after another shows the same moment. */
const SAME_MOMENT_SECONDS = 0.005;

/** Watches until it is smooth, three times at most: with two browsers, a busy machine may stop a process for a while. */
export async function smoothly(metresPerSecond: number, look: () => Promise<Step[][]>): Promise<void> {
  for (let tries = 1; ; tries++) {
    const seen = await look();
    try {
      for (const steps of seen) expectSmooth(steps, metresPerSecond);
      return;
    } catch (error) {
      if (tries === 3) throw error;
    }
  }
}

/** Holds the keys for it while `during` runs. Walking while turning gets nobody stuck at a wall. */
export async function walkInCircles(
  visitors: readonly Visitor[],
  during: () => Promise<void>,
): Promise<void> {
  const keys = ['w', 'r'];
  for (const { page } of visitors) {
    await page.locator('.plaza canvas').focus();
    for (const key of keys) await page.keyboard.down(key);
  }
  try {
    await during();
  } finally {
    for (const { page } of visitors) for (const key of keys) await page.keyboard.up(key);
  }
}

/** Nearly every frame shows a new position, and none is further from the last than walking allows. */
function expectSmooth(all: readonly Step[], metresPerSecond: number): void {
  const steps = all.filter(({ seconds }) => seconds > SAME_MOMENT_SECONDS);
  const sum = (some: readonly Step[], of: keyof Step) => some.reduce((total, step) => total + step[of], 0);
  const frozen = steps.filter(({ metres }) => metres === 0);
  const jumps = steps.filter(({ metres, seconds }) => metres > metresPerSecond * seconds * 2 + 0.4);
  const told = steps.map(({ seconds, metres }) => `${(seconds * 1000).toFixed(0)} ms ${metres.toFixed(2)} m`);
  expect(steps.length, 'frames').toBeGreaterThan(10);
  expect(sum(steps, 'metres'), 'metres walked').toBeGreaterThan(3);
  expect(sum(frozen, 'seconds') / sum(steps, 'seconds'), `frozen: ${told.join(', ')}`).toBeLessThan(0.1);
  expect(jumps, `jumps: ${told.join(', ')}`).toEqual([]);
}
