/** POSTs of JSON, for transports over HTTP; simulations give their own `fetch`. */
import { Fault } from '../base/fault.ts';
import { isJsonObject, type Json } from '../base/json.ts';

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Post {
  readonly fetch: Fetch;
  /** The origin of the server. */
  readonly url: string;
  readonly token: string | null;
}

/** The answer, whose body is not read yet. Throws the server's Fault, or `unavailable` for none. */
export async function post(
  { fetch, url, token }: Post,
  path: string,
  { body, signal }: { body: Json; signal: AbortSignal },
): Promise<Response> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (token !== null) headers.authorization = `Bearer ${token}`;
  let response: Response;
  try {
    response = await fetch(new URL(path, url).href, {
      method: 'POST',
      headers,
      signal,
      body: JSON.stringify(body),
    });
  } catch (cause) {
    throw new Fault('unavailable', `no answer from ${path}`, undefined, { cause });
  }
  if (!response.ok) throw await faultOf(response);
  return response;
}

/** The error that an answer carries. */
export async function faultOf(response: Response): Promise<Fault> {
  const answer: unknown = await response.json().catch(() => undefined);
  const error = isJsonObject(answer) && isJsonObject(answer.error) ? answer.error : {};
  const { code, message, data } = error;
  if (typeof code === 'string') return Fault.fromJSON({ code, message: String(message), data });
  if (response.status === 401) return new Fault('unauthorized', 'the token was refused');
  return new Fault('unavailable', `HTTP ${response.status}`);
}
