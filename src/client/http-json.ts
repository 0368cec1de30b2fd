/** One JSON request over HTTP. The server's errors come back as the Faults they were; no answer is `unavailable`. */
import { Fault } from '../base/fault.ts';
import { isJsonObject, type Json } from '../base/json.ts';
import { timeoutSignal } from './browser-env.ts';

const TIMEOUT_MS = 10_000;

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly token?: string | null;
  readonly body?: Json;
}

export async function httpJson(url: string, { method, token, body }: HttpRequest): Promise<unknown> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (token !== null && token !== undefined) headers.authorization = `Bearer ${token}`;
  if (body !== undefined) headers['content-type'] = 'application/json';
  let response: Response;
  let answer: unknown;
  try {
    const signal = timeoutSignal(TIMEOUT_MS);
    response = await fetch(url, {
      method,
      headers,
      signal,
      body: body === undefined ? null : JSON.stringify(body),
    });
    answer = await response.json();
  } catch (cause) {
    throw new Fault('unavailable', `no answer from ${new URL(url).pathname}`, undefined, { cause });
  }
  if (response.ok) return answer;
  const error = isJsonObject(answer) && isJsonObject(answer.error) ? answer.error : {};
  if (typeof error.code === 'string')
    throw Fault.fromJSON({ code: error.code, message: String(error.message) });
  if (response.status === 401) throw new Fault('unauthorized', 'the token was refused');
  throw new Fault('unavailable', `HTTP ${response.status} from ${new URL(url).pathname}`);
}
