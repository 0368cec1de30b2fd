/**
 * The one error type that crosses a border: a code from base/codes.ts, a message for people and,
 * where it helps the caller, data. Anything else that is thrown is a bug and becomes `internal` at the edge.
 */
import { CODES, type Code, isCode } from './codes.ts';
import type { Json } from './json-value.ts';

export type FaultJson = { code: Code; message: string; data?: Json };

export class Fault extends Error {
  readonly code: Code;
  readonly data: Json | undefined;

  constructor(code: Code, message: string, data?: Json, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Fault';
    this.code = code;
    this.data = data;
  }

  get http(): number {
    return CODES[this.code].http;
  }

  toJSON(): FaultJson {
    const { code, message, data } = this;
    return data === undefined ? { code, message } : { code, message, data };
  }

  static fromJSON(json: { code: string; message: string; data?: Json | undefined }): Fault {
    return new Fault(isCode(json.code) ? json.code : 'internal', json.message, json.data);
  }
}

export function isFault(error: unknown, code?: Code): error is Fault {
  return error instanceof Fault && (code === undefined || error.code === code);
}

/** What may be told to a peer: a Fault as it is, anything else as a bare `internal`. Log the original first. */
export function toFault(error: unknown): Fault {
  return error instanceof Fault
    ? error
    : new Fault('internal', 'internal error', undefined, { cause: error });
}
