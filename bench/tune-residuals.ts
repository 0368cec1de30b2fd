/**
 * `node --conditions=ternion-source bench/tune-residuals.ts`: how RESIDUAL_TABLES were chosen. Runs the recorded
 * worlds, counts the residuals that the codec writes, and prints the code lengths that take the fewest bits, with what
 * the tables in use take beside it. Each world that uses a table has the same weight in it.
 */
import { MAX_CLASS_BITS } from '../shards/core/residual-code.ts';
import { CLASSES, RESIDUAL_TABLES, type ResidualTable } from '../shards/core/residual-tables.ts';
import { codeLengths } from './code-lengths.ts';
import { RECORDED_WORLDS } from './recorded-worlds.ts';
import { recordResiduals } from './residual-recorder.ts';

/** The share that a class gets that was not seen: other worlds may have it. */
const UNSEEN = 1e-4;
/** Fewer residuals than this say nothing about a table. */
const ENOUGH = 200;

const recordings = RECORDED_WORLDS.map((world) => ({ name: world.name, ...recordResiduals(world) }));
for (const { name, bytesPerEntity } of recordings) {
  console.log(
    `${name.padEnd(8)} ${bytesPerEntity.toFixed(3)} bytes per entity and frame with the tables in use`,
  );
}
for (const table of Object.keys(RESIDUAL_TABLES) as ResidualTable[]) {
  const shares = new Array<number>(CLASSES).fill(0);
  for (const { residuals } of recordings) {
    const counts = residuals[table];
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (total < ENOUGH) continue;
    for (const [k, count] of counts.entries()) shares[k]! += count / total;
  }
  const worlds = shares.reduce((sum, share) => sum + share, 0);
  const weights = shares.map((share) => share / Math.max(worlds, 1) + UNSEEN);
  const lengths = codeLengths(weights, MAX_CLASS_BITS);
  const [inUse, best, ideal] = [
    RESIDUAL_TABLES[table],
    lengths,
    weights.map((share) => -Math.log2(share)),
  ].map((bits) => shares.reduce((sum, share, k) => sum + (share / worlds) * (bits[k]! + k), 0));
  console.log(
    `\n${table}: bits per residual ${inUse!.toFixed(2)} in use, ${best!.toFixed(2)} best, ${ideal!.toFixed(2)} ideal`,
  );
  console.log(
    `  shares  ${shares
      .slice(0, 20)
      .map((share) => ((share / worlds) * 100).toFixed(1))
      .join(' ')} %`,
  );
  console.log(`  ${table}: [${lengths.join(', ')}],`);
}
