/**
 * Server-sent events from text in pieces (the HTML standard, section 9.2.6): names and data; ids and retry
 * times are ignored. Bounded: an event larger than any message of ours is refused. [N1]
 */
import { Fault } from '../base/fault.ts';

export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

const MAX_CHARS = 64 << 20;

export class EventParser {
  #rest = '';
  /** Up to here there is no line end in `#rest`. */
  #seen = 0;
  #name = '';
  #data: string[] = [];
  #chars = 0;

  /** The events that `text` completes. Throws Fault `too_large`. */
  push(text: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    this.#rest += text;
    let start = 0;
    for (;;) {
      const end = this.#lineEnd(Math.max(start, this.#seen));
      if (!end) break;
      this.#line(this.#rest.slice(start, end.at), events);
      start = end.next;
      this.#seen = start;
    }
    this.#rest = this.#rest.slice(start);
    this.#seen = Math.max(0, this.#rest.length - 1); // a CR at the end may be half of CR LF
    if (this.#rest.length + this.#chars > MAX_CHARS) throw new Fault('too_large', 'an event is too large');
    return events;
  }

  #lineEnd(from: number): { at: number; next: number } | undefined {
    const lf = this.#rest.indexOf('\n', from);
    const line = this.#rest.slice(from, lf < 0 ? undefined : lf);
    const found = line.indexOf('\r');
    if (found >= 0) {
      const cr = from + found;
      if (cr + 1 === this.#rest.length) return undefined;
      return { at: cr, next: this.#rest[cr + 1] === '\n' ? cr + 2 : cr + 1 };
    }
    return lf < 0 ? undefined : { at: lf, next: lf + 1 };
  }

  #line(line: string, events: ServerEvent[]): void {
    if (line === '') {
      if (this.#data.length > 0) events.push({ name: this.#name || 'message', data: this.#data.join('\n') });
      this.#name = '';
      this.#data = [];
      this.#chars = 0;
      return;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#name = value;
    if (field !== 'data') return;
    this.#data.push(value);
    this.#chars += value.length;
  }
}
