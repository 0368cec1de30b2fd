/** What went over the sockets of one engine since it was made; `engine.stats` shows it. */
export interface EngineStats {
  /** Text counts one byte per UTF-16 unit: exact for ASCII, and cheap. Without WebSocket headers. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly socketsOpened: number;
  /** Sockets open or opening now: never more than one. */
  readonly socketsOpen: number;
  /** Binary frames for channels that do not exist (any more). */
  readonly framesDropped: number;
}

export class Traffic implements EngineStats {
  bytesIn = 0;
  bytesOut = 0;
  framesIn = 0;
  framesOut = 0;
  socketsOpened = 0;
  socketsOpen = 0;
  framesDropped = 0;

  received(data: string | Uint8Array): void {
    this.framesIn++;
    this.bytesIn += data.length;
  }

  sent(data: string | Uint8Array): void {
    this.framesOut++;
    this.bytesOut += data.length;
  }
}
