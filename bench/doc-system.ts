/**
 * What the document loads ask of Ternion's server and of each peer's alike, over raw sockets. A document has one
 * text, and edits are insertions of one character, numbered from 1 by their writer.
 */
import type { Trace } from './editing-trace.ts';

export interface DocConnection {
  /** Bytes that came in, heads of WebSocket frames included. */
  readonly bytesIn: number;
  end(): void;
}

export interface DocWriter extends DocConnection {
  /** One more character at the end of the text. */
  type(): void;
  /** Makes so many edits ahead, which `type` then sends: what it costs to make them is not the server's. */
  prepare?(edits: number): void;
}

export interface WriterOptions {
  /** How many edits the server calls durable; of a server that says nothing about it, all, at once. */
  safe?(edits: number): void;
  /** Whether it takes in what others write, as it must when there are any. */
  readonly merges?: boolean;
}

export interface OpenedDoc {
  readonly text: string;
  readonly bytes: number;
  /** From the start of the connection to the text. */
  readonly ms: number;
  /** From asking for the document, on an open connection, to the text. */
  readonly joinMs: number;
}

export interface DocSystem {
  /** Before its readers: some systems have no document without a writer. */
  write(doc: string, options: WriterOptions): Promise<DocWriter>;
  /** Resolves when joined; `seen` hears how many edits of the document's only writer have come. */
  follow(doc: string, seen: (edits: number) => void): Promise<DocConnection>;
  /** Makes the document that comes of the trace, and resolves when the server has it. */
  fill(doc: string, trace: Trace): Promise<void>;
  /** `lazy`: history may stay on the server, where a system can do that. */
  open(doc: string, options: { lazy: boolean }): Promise<OpenedDoc>;
}

/** Edits that were made before they are sent. `make` makes one and hands its bytes to `made`, at once. */
export class PreparedEdits<T> {
  readonly #make: () => void;
  readonly #send: (bytes: T) => void;
  readonly #waiting: T[] = [];
  #next = 0;
  #ahead = false;

  constructor(make: () => void, send: (bytes: T) => void) {
    this.#make = make;
    this.#send = send;
  }

  made(bytes: T): void {
    if (this.#ahead) this.#waiting.push(bytes);
    else this.#send(bytes);
  }

  prepare(edits: number): void {
    this.#ahead = true;
    for (let i = 0; i < edits; i++) this.#make();
    this.#ahead = false;
  }

  type(): void {
    if (this.#next < this.#waiting.length) this.#send(this.#waiting[this.#next++]!);
    else this.#make();
  }
}

/** Readers get the same bytes one after another: what `read` found in the last ones is kept. */
export function remembering<T>(read: (bytes: Buffer) => T): (bytes: Buffer) => T {
  let last: { bytes: Buffer; result: T } | undefined;
  return (bytes) => {
    if (!last?.bytes.equals(bytes)) last = { bytes: Buffer.from(bytes), result: read(bytes) };
    return last.result;
  };
}
