/**
 * `node --conditions=ternion-source bench/tune-residuals.ts`: how RESIDUAL_TABLES were chosen. Runs the recorded
 * worlds, counts the residuals that the codec writes, and prints the code lengths that take the fewest bits for an
 * entity of each world together, with what the tables in use take beside it.
 */
import { MAX_CLASS_BITS } from '../shards/core/residual-code.ts';
import { CLASSES, RESIDUAL_TABLES, type ResidualTable } from '../shards/core/residual-tables.ts';
import { codeLengths } from './code-lengths.ts';
import { RECORDED_WORLDS } from './recorded-worlds.ts';
import { recordResiduals } from './residual-recorder.ts';

/** What other worlds may have: this share of all, less by this factor from class to class. */
const UNSEEN = 0.1;
const DECAY = 0.85;

const recordings = RECORDED_WORLDS.map((world) => ({ name: world.name, ...recordResiduals(world) }));
for (const { name, bytesPerEntity } of recordings) {
  console.log(
    `${name.padEnd(8)} ${bytesPerEntity.toFixed(3)} bytes per entity and frame with the tables in use`,
  );
}
for (const table of Object.keys(RESIDUAL_TABLES) as ResidualTable[]) {
  const shares = new Array<number>(CLASSES).fill(0);
  for (const { residuals, entities } of recordings) {
    for (const [k, count] of residuals[table].entries()) shares[k]! += count / entities;
  }
  const worlds = shares.reduce((sum, share) => sum + share, 0);
  const unseen = (k: number) => (UNSEEN * worlds * (1 - DECAY) * DECAY ** k) / (1 - DECAY ** CLASSES);
  const weights = shares.map((share, k) => share * (1 - UNSEEN) + unseen(k));
  const lengths = codeLengths(weights, MAX_CLASS_BITS);
  const [inUse, best, ideal] = [
    RESIDUAL_TABLES[table],
    lengths,
    weights.map((weight) => -Math.log2(weight / worlds)),
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
