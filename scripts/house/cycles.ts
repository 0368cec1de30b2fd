/**
 * Import cycles, type imports included: a cycle of types is still two files that cannot be read one after
 * the other. One finding per knot, with a shortest way round it.
 * Components by R. Tarjan, "Depth-first search and linear graph algorithms", 1972.
 */
import type { Finding } from '../finding.ts';

/** File -> the files that it imports. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

export function checkCycles(graph: Graph): Finding[] {
  return knots(graph).map((knot) => {
    const way = shortestCycle(graph, knot);
    const message = `import cycle: ${[...way, way[0]].join(' -> ')}`;
    return { path: way[0]!, line: 0, rule: 'cycle', message, level: 'error' };
  });
}

/** Strongly connected components with more than one file, or with a file that imports itself. */
function knots(graph: Graph): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const found: string[][] = [];
  const visit = (file: string) => {
    const index = order.size;
    order.set(file, index);
    low.set(file, index);
    stack.push(file);
    onStack.add(file);
    for (const next of graph.get(file) ?? []) {
      if (!order.has(next)) visit(next);
      if (onStack.has(next)) low.set(file, Math.min(low.get(file)!, low.get(next)!));
    }
    if (low.get(file) !== index) return;
    const knot = stack.splice(stack.indexOf(file));
    for (const member of knot) onStack.delete(member);
    if (knot.length > 1 || graph.get(file)?.has(file)) found.push(knot.sort());
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return found;
}

/** Breadth first from the first file of the knot back to itself. */
function shortestCycle(graph: Graph, knot: readonly string[]): string[] {
  const start = knot[0]!;
  const inside = new Set(knot);
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const file of queue) {
    for (const next of graph.get(file) ?? []) {
      if (next === start) {
        const way = [file];
        while (way[0] !== start) way.unshift(cameFrom.get(way[0]!)!);
        return way;
      }
      if (!inside.has(next) || cameFrom.has(next)) continue;
      cameFrom.set(next, file);
      queue.push(next);
    }
  }
  return [...knot];
}
