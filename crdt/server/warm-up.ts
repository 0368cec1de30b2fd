/**
 * Lets WebAssembly compile what a server does with documents, before anybody waits for a tick: the first import of a
 * process takes 80 ms, and the second one less than one. Called once by plugin.ts.
 */
import { LoroDoc } from 'loro-crdt';
import { readFacts } from './update-facts.ts';

const PIECES = 50;

export function warmUp(): void {
  const writer = new LoroDoc();
  const text = writer.getText('text');
  for (let i = 0; i < PIECES; i++) text.insert(i, 'word ');
  writer.commit();
  const before = writer.oplogVersion();
  const snapshot = writer.export({ mode: 'snapshot' });
  const edited = new LoroDoc();
  edited.import(snapshot);
  edited.getText('text').insert(1, 'edit');
  edited.commit();
  edited.toJSON();
  const update = edited.export({ mode: 'update', from: before });
  readFacts(update);
  const appended = new LoroDoc();
  appended.import(snapshot);
  appended.detach();
  appended.import(update);
  const after = appended.oplogVersion();
  appended.vvToFrontiers(after);
  appended.export({ mode: 'update', from: before });
  for (const thing of [before, after, text, writer, edited, appended]) thing.free();
}
