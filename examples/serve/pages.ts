/** The routes of built examples and of the launcher, under a strict content security policy. */
import { serveStatic } from '@hono/node-server/serve-static';
import type { Context, Hono, Next } from 'hono';
import { LAUNCHER, type Site } from './site.ts';

const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self' ws: wss:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** Vite names these files by their content. */
const FOREVER = 'public, max-age=31536000, immutable';

/** An example that the same process serves on another port. */
export interface Elsewhere {
  readonly name: string;
  readonly port: number;
}

export function addPages(app: Hono, site: Site, elsewhere: readonly Elsewhere[]): void {
  app.use('/', harden);
  app.use('/launcher/*', harden);
  app.get('/', serveStatic({ root: LAUNCHER, path: 'index.html' }));
  app.get('/launcher/*', serveStatic({ root: LAUNCHER, rewriteRequestPath: below('launcher') }));
  const { name, builtFolder } = site;
  app.use(`/${name}/*`, harden);
  app.get(`/${name}`, (context) => context.redirect(`/${name}/`));
  app.get(
    `/${name}/*`,
    serveStatic({
      root: builtFolder,
      rewriteRequestPath: below(name),
      onFound: (path, context) => {
        const isNamedByContent = path.includes('/assets/');
        context.header('Cache-Control', isNamedByContent ? FOREVER : 'no-cache');
      },
    }),
  );
  for (const { name, port } of elsewhere) {
    app.get(`/${name}/*`, (context) => {
      const url = new URL(`/${name}/`, context.req.url);
      url.port = String(port);
      return context.redirect(url.href);
    });
  }
}

async function harden(context: Context, next: Next): Promise<void> {
  await next();
  context.header('Content-Security-Policy', POLICY);
  context.header('X-Content-Type-Options', 'nosniff');
  context.header('Referrer-Policy', 'no-referrer');
}

function below(name: string): (path: string) => string {
  return (path) => path.slice(name.length + 1);
}
