/**
 * For tests: updates that a hostile client would send. Loro guards its bytes with an xxHash32 that has no key, so
 * anybody can change what is inside and put the right sum on it. Layout of an export: 'loro' (4 bytes), a sum field of
 * 16 bytes of which the last 4 hold xxHash32(rest, seed 'LORO') in little endian, the mode (2 bytes), the body.
 */
import type { SimRandom } from '../../../src/testing/sim-random.ts';
import { xxh32 } from './xxh32.ts';

const SUM_AT = 16;
const SUMMED_FROM = 20;
const BODY_FROM = 22;
/** 'LORO', little endian. */
const SEED = 0x4f524f4c;

/** The same bytes with a sum that fits. */
export function refitted(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setUint32(SUM_AT, xxh32(copy.subarray(SUMMED_FROM), SEED), true);
  return copy;
}

/** The sum that an export carries, and the one that it should. */
export function sumsOf(bytes: Uint8Array): { said: number; right: number } {
  const said = new DataView(bytes.buffer, bytes.byteOffset).getUint32(SUM_AT, true);
  return { said, right: xxh32(bytes.subarray(SUMMED_FROM), SEED) };
}

const EXTREMES = [0, 127, 128, 255];

/** One to `most` changes of the body of an update: bits, bytes, bytes too many and too few. The sum fits. */
export function forged(update: Uint8Array, random: SimRandom, most = 1): Uint8Array {
  const body = [...update.subarray(BODY_FROM)];
  for (let left = 1 + random.int(most); left > 0; left--) {
    const at = random.int(body.length);
    const kind = random.int(5);
    if (kind === 0) body[at]! ^= 1 << random.int(8);
    else if (kind === 1) body[at] = random.int(256);
    else if (kind === 2) body.splice(at, Math.min(1 + random.int(3), body.length - 1));
    else if (kind === 3) body.splice(at, 0, random.int(256));
    else body[at] = random.pick(EXTREMES);
  }
  const whole = new Uint8Array(BODY_FROM + body.length);
  whole.set(update.subarray(0, BODY_FROM));
  whole.set(body, BODY_FROM);
  return refitted(whole);
}
