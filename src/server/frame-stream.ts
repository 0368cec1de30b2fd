/**
 * The frames of an HTTP session as server-sent events (the HTML standard, section 9.2). JSON text has no line
 * breaks, so a frame is one line.
 *
 *   event: session   data: {"key":"..."}           the first event; what requests with frames name
 *   data: {"t":"welcome",...}                      a text frame
 *   event: binary    data: AQID                    a binary frame, base64url
 *   event: close     data: {"code":4501,"reason":"unavailable"}     the last event
 *
 * A frame is acknowledged when the stream asks for more: a slow reader fills the outbox, not the stream. [S10]
 */
import { encodeBase64Url } from '../base/base64url.ts';
import type { Frame, TunnelClose } from '../protocol/tunnel.ts';
import type { HttpSession } from './http-sessions.ts';

/** The stream waits again after that. */
const WAIT_MS = 60_000;

/** `over` is called once, when the reader is gone or has been told that the session is. */
export function frameStream({ key, transport }: HttpSession, over: () => void): Response {
  const encoder = new TextEncoder();
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode(event('session', JSON.stringify({ key })))),
    async pull(controller) {
      for (;;) {
        const { to, frames, close } = await transport.fetch(sent, WAIT_MS);
        if (frames.length > 0) controller.enqueue(encoder.encode(frames.map(frameEvent).join('')));
        if (close) {
          controller.enqueue(encoder.encode(closeEvent(close)));
          controller.close();
          return over();
        }
        sent = to;
        if (frames.length > 0) return;
      }
    },
    cancel: over,
  });
  // The last header keeps nginx from collecting events.
  const headers = { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' };
  return new Response(body, { headers });
}

function frameEvent(frame: Frame): string {
  return typeof frame === 'string' ? `data: ${frame}\n\n` : event('binary', encodeBase64Url(frame));
}

function closeEvent(close: TunnelClose): string {
  return event('close', JSON.stringify(close));
}

function event(name: string, data: string): string {
  return `event: ${name}\ndata: ${data}\n\n`;
}
