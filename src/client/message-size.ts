/** What the server would end the connection for is refused here: messages too large, or nested too deep. */
import type { Json } from '../base/json.ts';
import { utf8Length } from '../base/utf8.ts';

/** Whether text is at most `maxBytes` long in UTF-8. */
export function fits(text: string, maxBytes: number): boolean {
  // A UTF-16 unit takes at most 3 bytes: most texts need no count.
  return text.length * 3 <= maxBytes || (text.length <= maxBytes && utf8Length(text) <= maxBytes);
}

/** Levels of lists and objects: 0 for a plain value. */
export function nesting(value: Json | undefined): number {
  if (typeof value !== 'object' || value === null) return 0;
  let deepest = 0;
  for (const inner of Array.isArray(value) ? value : Object.values(value)) {
    const levels = nesting(inner);
    if (levels > deepest) deepest = levels;
  }
  return deepest + 1;
}
