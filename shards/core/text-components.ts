/**
 * Components that are texts: strings, and JSON as its canonical text. Each text is sent once to a player, however
 * many entities have it and however often (text-pool.ts).
 */
import type { Json } from '../../src/base/json.ts';
import { Component, type Frozen } from './component.ts';
import { textLane } from './lane.ts';
import { plainOf } from './plain.ts';
import { ROW, type RowView, TABLE } from './row-view.ts';
import { Text } from './text.ts';

/** A text of at most `maxBytes` (default 64) in UTF-8; what is longer is cut behind a whole character. */
export function string(options: { maxBytes?: number } = {}): Component<string> {
  const { maxBytes = 64 } = options;
  return new Component({
    json: { string: maxBytes },
    lanes: [textLane(maxBytes)],
    bind: (lane) => ({
      get(this: RowView) {
        return this[TABLE].columns[lane]!.texts[this[ROW]]!.value;
      },
      set(this: RowView, value: string) {
        const { texts } = this[TABLE].columns[lane]!;
        if (texts[this[ROW]]!.value !== value) texts[this[ROW]] = Text.of(value, maxBytes);
      },
    }),
  });
}

/**
 * Any JSON, null at first, of at most `maxBytes` (default 256, at most 4096) as canonical text in UTF-8. Two values
 * are the same when that text is. What is read is frozen, and the same object until another value is written. Writing
 * throws Fault `invalid` for what is not JSON, `too_large` for what is longer. Not for inputs: send a message.
 */
export function json<T extends Json = Json>(
  options: { maxBytes?: number } = {},
): Component<Frozen<T> | null> {
  const { maxBytes = 256 } = options;
  return new Component<Frozen<T> | null>({
    json: { json: maxBytes },
    lanes: [textLane(maxBytes, 'json')],
    bind: (lane) => ({
      get(this: RowView) {
        // What is in the column was written as T, here or by the server.
        return this[TABLE].columns[lane]!.texts[this[ROW]]!.parsed as Frozen<T> | null;
      },
      set(this: RowView, value: unknown) {
        const { texts } = this[TABLE].columns[lane]!;
        if (texts[this[ROW]]!.parsed !== value) texts[this[ROW]] = Text.ofJson(plainOf(value), maxBytes);
      },
    }),
  });
}
