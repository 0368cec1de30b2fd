/** Whether text fits a limit in bytes of UTF-8. A message over the server's limit would end the connection. */
import { utf8Length } from '../base/utf8.ts';

export function fits(text: string, maxBytes: number): boolean {
  // A UTF-16 unit takes at most 3 bytes: most texts need no count.
  return text.length * 3 <= maxBytes || (text.length <= maxBytes && utf8Length(text) <= maxBytes);
}
