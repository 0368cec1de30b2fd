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

/** Nearly every frame shows a new position, and none is further from the last than walking allows. */
export function expectSmooth(steps: readonly Step[], metresPerSecond: number): void {
  const walked = steps.reduce((sum, { metres }) => sum + metres, 0);
  const advanced = steps.filter(({ metres }) => metres > 0).length;
  const jumps = steps.filter(({ metres, seconds }) => metres > metresPerSecond * seconds * 2 + 0.4);
  expect(steps.length).toBeGreaterThan(10);
  expect(walked).toBeGreaterThan(3);
  expect(advanced / steps.length).toBeGreaterThan(0.9);
  expect(jumps).toEqual([]);
}
