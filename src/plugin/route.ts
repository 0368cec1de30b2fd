/** An HTTP route in Web-standard terms; server/http-app.ts mounts it. */
import type { Viewer } from '../policy/viewer.ts';

export interface RouteContext {
  readonly viewer: Viewer;
  /** The part of the path that a `:name` matched. */
  param(name: string): string;
  /** Address of the peer, for rate limits; never trust it for more. */
  readonly address: string;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As in Hono: `/api/things/:id`. */
  readonly path: string;
  /** A thrown Fault becomes `{ error: { code, message, data? } }` with its HTTP status. */
  handle(request: Request, context: RouteContext): Promise<Response> | Response;
}
