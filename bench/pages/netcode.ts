/** The page of bench/netcode-frame.ts: plays a recorded stay and says what its frames took. */
import { VISIBLE } from '../netcode-crowd.ts';
import { type Recording, Replay } from '../netcode-replay.ts';

export interface NetcodePage {
  /** The ms that each frame of a recording, as JSON, took, warm. */
  frames(recording: string): number[];
}

declare global {
  interface Window {
    netcode?: NetcodePage;
  }
}

window.netcode = {
  frames(text) {
    const recording: Recording = JSON.parse(text);
    const times: number[] = [];
    for (const warm of [false, true]) {
      const replay = new Replay(recording);
      while (!replay.ended) {
        const begin = performance.now();
        replay.frame();
        if (warm) times.push(performance.now() - begin);
      }
      if (!Number.isFinite(replay.sum) || replay.drawn !== VISIBLE) throw new Error('a wrong replay');
    }
    return times;
  },
};
