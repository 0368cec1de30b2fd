/** One JSON request over HTTP. The server's errors come back as the Faults they were; no answer is `unavailable`. */
import { Fault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import { timeoutSignal } from './browser-env.ts';
import { faultOf } from './http-post.ts';

const TIMEOUT_MS = 10_000;

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string | null;
  readonly body?: Json;
}

export async function httpJson(
  url: string,
  { method, token, body, headers: more }: HttpRequest,
): Promise<unknown> {
  const headers: Record<string, string> = { accept: 'application/json', ...more };
  if (token !== null && token !== undefined) headers.authorization = `Bearer ${token}`;
  if (body !== undefined) headers['content-type'] = 'application/json';
  let response: Response;
  try {
    const signal = timeoutSignal(TIMEOUT_MS);
    response = await fetch(url, {
      method,
      headers,
      signal,
      body: body === undefined ? null : JSON.stringify(body),
    });
    if (response.ok) return await response.json();
  } catch (cause) {
    throw new Fault('unavailable', `no answer from ${new URL(url).pathname}`, undefined, { cause });
  }
  throw await faultOf(response);
}
