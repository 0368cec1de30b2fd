/** The channel of a player who is not here: of a seat that comes from a state or a log. Nothing goes anywhere. */
import type { Channel, LatestSlot } from '../../src/plugin/channel.ts';
import type { Session } from '../../src/plugin/session.ts';
import type { SeatOwner } from './shard-state.ts';

export class AbsentChannel implements Channel {
  readonly session: Session;
  readonly latest: LatestSlot = { put() {}, sentTag: -1 };

  constructor({ clientId, viewer }: SeatOwner) {
    this.session = { id: '', clientId, viewer, onViewer: () => () => {} };
  }

  send(): boolean {
    return true;
  }

  close(): void {}
}
