/** Develops an example: Vite with hot reload in front, the Ternion server behind it on a free port. */
import { readFile } from 'node:fs/promises';
import { createServer as createVite, type Plugin } from 'vite';
import { LAUNCHER, ROOT, type Site, viteConfig } from './site.ts';

export interface DevOptions {
  readonly port: number;
  readonly host: string;
  /** Where the Ternion server listens. */
  readonly backend: string;
}

/** Resolves when pages are served; returns a function that ends it. */
export async function startDev(
  site: Site,
  { port, host, backend }: DevOptions,
): Promise<() => Promise<void>> {
  const shared = viteConfig(site);
  // The Host header stays that of the page, so the server's origin check sees one origin.
  const proxy = { target: backend, ws: true };
  const vite = await createVite({
    ...shared,
    plugins: [...(shared.plugins ?? []), launcher()],
    server: {
      port,
      host,
      strictPort: true,
      fs: { allow: [ROOT] },
      proxy: { '/api': proxy, '/ws': proxy, '/health': proxy, '/metrics': proxy },
    },
  });
  await vite.listen();
  return () => vite.close();
}

function launcher(): Plugin {
  const files = new Map([
    ['/', ['index.html', 'text/html']],
    ['/launcher/launcher.css', ['launcher.css', 'text/css']],
  ]);
  return {
    name: 'launcher',
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const file = files.get(request.originalUrl ?? '');
        if (!file) return next();
        const [name, type] = file;
        readFile(`${LAUNCHER}/${name}`).then(
          (bytes) => response.setHeader('Content-Type', `${type}`).end(bytes),
          next,
        );
      });
    },
  };
}
