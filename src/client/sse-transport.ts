/**
 * Connects by server-sent events, where WebSockets do not pass: one answer that does not end brings the
 * server's frames, requests take the client's. `fetch` and not EventSource, which cannot send a token but in
 * the URL. When the answer breaks, so does the connection, and the engine resumes by its cursor. [S9]
 */
import { decodeBase64Url } from '../base/base64url.ts';
import { parseJson } from '../base/json.ts';
import { parseShape } from '../base/shape.ts';
import { tunnelClose, tunnelKey } from '../protocol/tunnel.ts';
import { EventParser, type ServerEvent } from './event-parser.ts';
import { type HttpConnectOptions, HttpLink } from './http-link.ts';
import type { Connect } from './transport.ts';

const SMALL = { maxChars: 4096, maxDepth: 2 };

export function sseConnect(options: HttpConnectOptions): Connect {
  return (protocols, events) => {
    const link = new HttpLink(options, protocols, events);
    run(link).catch((error: unknown) => link.fail(error));
    return link;
  };
}

async function run(link: HttpLink): Promise<void> {
  const { body } = await link.post('/api/sync/events', {});
  if (!body) return link.ended(1006, 'an answer without a body');
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = new EventParser();
  // Also where the platform does not do it: an aborted request must not be read to its end.
  link.signal.addEventListener('abort', () => void reader.cancel().catch(() => {}));
  while (!link.over) {
    const { done, value } = await reader.read();
    if (done) return link.ended(1006, 'the stream ended');
    for (const event of parser.push(decoder.decode(value, { stream: true }))) take(link, event);
  }
}

function take(link: HttpLink, { name, data }: ServerEvent): void {
  switch (name) {
    case 'message':
      return link.receive(data);
    case 'binary':
      return link.receive(decodeBase64Url(data));
    case 'session':
      return link.begin(parseShape(tunnelKey, parseJson(data, SMALL), 'session', 'bad_message').key);
    case 'close': {
      const { code, reason } = parseShape(tunnelClose, parseJson(data, SMALL), 'close', 'bad_message');
      return link.ended(code, reason);
    }
  }
}
