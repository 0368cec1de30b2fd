/** Documents and updates of a size for benchmarks. The same at each run. */
import { LoroDoc } from 'loro-crdt';

/** A snapshot of at least that size: runs of text that were typed and deleted here and there in `body`. */
export function largeDocument(snapshotBytes: number): Uint8Array {
  const doc = new LoroDoc();
  doc.setPeerId('1');
  const text = doc.getText('body');
  const random = numbers();
  let length = 0;
  for (;;) {
    for (let i = 0; i < snapshotBytes / 2500; i++) {
      const at = random(length + 1);
      if (length > 2 * RUN && random(5) === 0) {
        text.delete(Math.min(at, length - RUN), RUN);
        length -= RUN;
      } else {
        text.insert(at, words(random));
        length += RUN;
      }
      if (i % 10 === 0) doc.commit();
    }
    doc.commit();
    const snapshot = doc.export({ mode: 'snapshot' });
    if (snapshot.length >= snapshotBytes) return snapshot;
  }
}

/** Text that does not compress well. */
export function largeText(characters: number): string {
  const random = numbers();
  let text = '';
  while (text.length < characters) text += words(random);
  return text.slice(0, characters);
}

type Random = (below: number) => number;

/** Characters that are typed or deleted together: with many more pieces Loro needs a minute to open a text. */
const RUN = 200;

function numbers(): Random {
  let seed = 1;
  return (below) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return seed % below;
  };
}

/** One run. */
function words(random: Random): string {
  let text = '';
  for (let i = 0; i < RUN / 10; i++)
    text += random(2 ** 30)
      .toString(36)
      .padStart(10, 'x');
  return text;
}
