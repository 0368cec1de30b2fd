/**
 * A call answered by server-sent events (the HTML standard, section 9.2), for `Accept: text/event-stream`:
 *
 *   event: chunk    data: what ctx.stream.write was given
 *   event: result   data: {"value":...,"seq":...}            the last event, or
 *   event: error    data: {"code":...,"message":...,"data":...}
 *
 * and a comment now and then, so that proxies keep the connection. Used by function-routes.ts.
 */
import type { Cancel, Env } from '../base/env.ts';
import { Fault, toFault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import type { CallResult } from '../functions/call.ts';
import type { ChunkSink } from '../functions/chunk-stream.ts';
import { StreamLane } from './stream-lane.ts';

export interface EventStreamOptions {
  /** Bytes that wait for a slow reader before writers do. */
  readonly bufferBytes: number;
  readonly pingMs: number;
  readonly call: (onChunk: ChunkSink, signal: AbortSignal) => Promise<CallResult>;
}

export function eventStream(env: Env, { bufferBytes, pingMs, call }: EventStreamOptions): Response {
  const caller = new AbortController();
  const encoder = new TextEncoder();
  let beat: Cancel = () => {};
  let lane: StreamLane;
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const send = (text: string) => {
          if ((controller.desiredSize ?? 0) <= 0) return false;
          controller.enqueue(encoder.encode(text));
          return true;
        };
        const ping = () => {
          send(': ping\n\n');
          beat = env.clock.after(pingMs, ping);
        };
        lane = new StreamLane(send);
        beat = env.clock.after(pingMs, ping);
        call((json) => lane.pass(caller, event('chunk', json)), caller.signal)
          .then(
            ({ value, seq }) => ({ ...(value !== undefined && { value }), ...(seq !== null && { seq }) }),
            (error: unknown) => failure(env, error),
          )
          .then((end) => lane.pass(caller, event(end instanceof Fault ? 'error' : 'result', text(end))))
          .then(() => controller.close())
          .catch(() => {}) // the reader is gone
          .finally(() => beat());
      },
      pull: () => lane.room(),
      cancel() {
        beat();
        caller.abort();
        lane.forget(caller);
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: bufferBytes }),
  );
  return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
}

function text(end: Fault | { value?: Json; seq?: number }): string {
  return JSON.stringify(end);
}

/** JSON text has no line breaks. */
function event(name: string, json: string): string {
  return `event: ${name}\ndata: ${json}\n\n`;
}

function failure(env: Env, error: unknown): Fault {
  if (!(error instanceof Fault)) {
    const stack = error instanceof Error ? error.stack : String(error);
    env.log.error('call.failed', { what: 'event stream', stack });
  }
  return toFault(error);
}
