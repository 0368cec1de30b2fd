/**
 * An HTTP route of an app: an action that takes a Request and gives a Response. It stands in the `http`
 * list of `defineApp`; server/function-routes.ts mounts it.
 */
import type { AuthMode } from './auth-rule.ts';
import type { HttpContext } from './context.ts';

export interface HttpRouteOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As in Hono: `/hooks/:provider`. */
  readonly path: string;
  /** Default `user`. An expression may read `auth.*` alone. */
  readonly auth?: AuthMode;
  handler(context: HttpContext, request: Request): Promise<Response> | Response;
}

export type HttpRouteDef = Required<HttpRouteOptions>;

/** A thrown Fault becomes `{ error: { code, message, data? } }` with its HTTP status. */
export function httpRoute(options: HttpRouteOptions): HttpRouteDef {
  const { method, path, auth = 'user' } = options;
  return { method, path, auth, handler: (context, request) => options.handler(context, request) };
}
