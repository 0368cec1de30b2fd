/** The HTTP side: health, readiness, metrics, the plugins' routes, the app's own. Errors as `{ error }`. */
import { getConnInfo } from '@hono/node-server/conninfo';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { except } from 'hono/combine';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { Fault, toFault } from '../base/fault.ts';
import type { Route } from '../plugin/route.ts';
import { bearerOf } from './bearer.ts';
import type { Host } from './host.ts';
import { serverMetrics } from './metrics.ts';
import { originAllowed } from './origin.ts';

export interface HttpOptions {
  /** Bytes of a request's body. */
  maxBodyBytes: number;
  /** Of one with frames of a session. */
  maxPushBytes: number;
  /** Origins, besides the server's own, whose pages may sync. [P6] */
  origins: readonly string[];
  /** Adds the app's own routes, behind all others. */
  routes?: ((app: Hono) => void) | undefined;
}

export function httpApp(host: Host, options: HttpOptions): Hono {
  const app = new Hono();
  const metrics = serverMetrics(host.gauges);
  app.onError((error, context) => fail(host, context, error));
  app.use('/api/*', async (context, next) => {
    await next();
    context.header('Cache-Control', 'no-store');
  });
  app.use('/api/sync/*', async (context, next) => {
    const [origin, own] = [context.req.header('Origin'), context.req.header('Host')];
    if (!originAllowed({ origin, host: own }, options.origins))
      throw new Fault('forbidden', 'pages of this origin may not sync with this server');
    await next();
  });
  app.use('/api/sync/push', limitBody(options.maxPushBytes));
  app.use(except('/api/sync/push', limitBody(options.maxBodyBytes)));
  app.get('/health', (context) => context.json({ ok: true }));
  app.get('/ready', (context) => context.json({ ready: host.ready }, host.ready ? 200 : 503));
  app.get('/metrics', async (context) =>
    context.body(await metrics.render(), 200, { 'Content-Type': metrics.contentType }),
  );
  for (const route of host.routes) mount(app, host, route);
  options.routes?.(app);
  app.notFound((context) => fail(host, context, new Fault('not_found', 'nothing here')));
  return app;
}

function limitBody(maxSize: number) {
  return bodyLimit({
    maxSize,
    onError: () => {
      throw new Fault('too_large', `a body of more than ${maxSize} bytes`);
    },
  });
}

function mount(app: Hono, host: Host, route: Route): void {
  app.on(route.method, route.path, async (context) => {
    const viewer = await host.authenticator.authenticate(bearerOf(context.req.raw.headers));
    const param = (name: string) => context.req.param(name) ?? '';
    return route.handle(context.req.raw, {
      viewer,
      param,
      address: getConnInfo(context).remote.address ?? '',
    });
  });
}

function fail(host: Host, context: Context, error: unknown): Response {
  if (!(error instanceof Fault)) {
    const stack = error instanceof Error ? error.stack : String(error);
    host.env.log.error('http.failed', { path: context.req.path, stack });
  }
  const fault = toFault(error);
  return context.json({ error: fault.toJSON() }, fault.http as ContentfulStatusCode);
}
