/**
 * The code lengths of a prefix code that is best for given frequencies, none longer than a limit: package-merge.
 * Source: L. Larmore, D. Hirschberg, "A fast algorithm for optimal length-limited Huffman codes", 1990.
 */
interface Package {
  readonly weight: number;
  readonly symbols: readonly number[];
}

/** One length for each weight; all weights are above 0. */
export function codeLengths(weights: readonly number[], maxBits: number): number[] {
  if (2 ** maxBits < weights.length) throw new Error(`${weights.length} codes of ${maxBits} bits`);
  const coins = weights
    .map((weight, symbol): Package => ({ weight, symbols: [symbol] }))
    .sort((a, b) => a.weight - b.weight);
  let level: Package[] = [];
  for (let bits = 0; bits < maxBits; bits++) {
    const pairs: Package[] = [];
    for (let i = 0; i + 1 < level.length; i += 2) {
      const [a, b] = [level[i]!, level[i + 1]!];
      pairs.push({ weight: a.weight + b.weight, symbols: [...a.symbols, ...b.symbols] });
    }
    level = [...coins, ...pairs].sort((a, b) => a.weight - b.weight);
  }
  const lengths = new Array<number>(weights.length).fill(0);
  for (const { symbols } of level.slice(0, 2 * weights.length - 2)) {
    for (const symbol of symbols) lengths[symbol]!++;
  }
  return lengths;
}
