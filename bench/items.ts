/** The rows of the sync benchmarks, the same ones for every system: about 100 bytes each as JSON. */

export interface Item {
  readonly id: string;
  readonly title: string;
  readonly owner: string;
  readonly rank: number;
}

/** Ids in another order than ranks, as those of real rows are. */
export function itemOf(i: number): Item {
  const id = `i${String((i * 7919) % 1_000_003).padStart(21, '0')}`;
  return { id, title: `item ${i} of the benchmark`, owner: 'somebody', rank: i };
}
