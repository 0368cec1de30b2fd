/** What a benchmark says: named figures, each the median of several runs. */

export interface Figure {
  /** As in `rows.mutations.socket`. */
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
}

export function figure(name: string, unit: string, values: readonly number[]): Figure {
  const sorted = [...values].sort((a, b) => a - b);
  const round = (value: number) => Number(value.toPrecision(4));
  return {
    name,
    unit,
    median: round(quantile(sorted, 0.5)),
    min: round(sorted[0]!),
    max: round(sorted.at(-1)!),
    runs: values.length,
  };
}

/** `sorted` ascending; linear between neighbours. */
export function quantile(sorted: readonly number[], q: number): number {
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const [a, b] = [sorted[low]!, sorted[Math.min(low + 1, sorted.length - 1)]!];
  return a + (b - a) * (at - low);
}

/** One value per figure name, from one run. */
export type Sample = Record<string, number>;

export interface Workload {
  /** By figure name. */
  readonly units: Record<string, string>;
  /** Called once to warm up and then once per run. */
  run(): Promise<Sample>;
  /** It takes long and varies little: one run, without a warm-up. */
  readonly once?: boolean;
  /** More than figures say, for people. */
  readonly notes?: () => string;
  /** Ends what the runs have shared. */
  close?: (() => Promise<void>) | undefined;
}

export async function measure(workload: Workload, runs: number): Promise<Figure[]> {
  const samples: Sample[] = [];
  try {
    if (!workload.once) await workload.run();
    for (let i = 0; i < (workload.once ? 1 : runs); i++) samples.push(await workload.run());
  } finally {
    await workload.close?.();
  }
  return Object.entries(workload.units).map(([name, unit]) =>
    figure(
      name,
      unit,
      samples.map((sample) => sample[name]!),
    ),
  );
}
