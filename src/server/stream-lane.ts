/**
 * What streaming calls say to one reader, in order: parts, and results behind their parts. What finds no room
 * waits here, as much as the writers let wait (functions/chunk-stream.ts). Used by Requests and by event-stream.ts.
 */
import { Fault } from '../base/fault.ts';

interface Waiting {
  readonly call: object;
  readonly text: string;
  resolve(): void;
  reject(error: Fault): void;
}

export class StreamLane {
  /** False: no room. */
  readonly #send: (text: string) => boolean;
  #waiting: Waiting[] = [];

  constructor(send: (text: string) => boolean) {
    this.#send = send;
  }

  /**
   * Undefined: the text is on its way; else it is when the promise resolves. It rejects when its call is
   * forgotten.
   */
  pass(call: object, text: string): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#send(text)) return undefined;
    return new Promise((resolve, reject) => this.#waiting.push({ call, text, resolve, reject }));
  }

  /** There is room again. */
  room(): void {
    let sent = 0;
    while (sent < this.#waiting.length && this.#send(this.#waiting[sent]!.text)) sent++;
    for (const { resolve } of this.#waiting.splice(0, sent)) resolve();
  }

  /** The caller is gone, or wants no more. */
  forget(call: object): void {
    const gone = this.#waiting.filter((waiting) => waiting.call === call);
    if (gone.length === 0) return;
    this.#waiting = this.#waiting.filter((waiting) => waiting.call !== call);
    for (const { reject } of gone) reject(new Fault('cancelled', 'the call was given up'));
  }
}
