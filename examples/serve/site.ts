/** The examples as folders: where their web sides are, where their builds go, and how Vite sees them. */
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defaultClientConditions, type InlineConfig } from 'vite';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const LAUNCHER = fileURLToPath(new URL('../launcher', import.meta.url));

export interface Site {
  /** Its folder below `examples`, its path on the server. */
  readonly name: string;
  readonly webFolder: string;
  readonly builtFolder: string;
}

export function siteOf(name: string): Site {
  return {
    name,
    webFolder: `${ROOT}examples/${name}/web`,
    builtFolder: `${ROOT}.ternion/web/${name}`,
  };
}

/** What building and developing have in common: examples import `ternion/...` straight from the tree. */
export function viteConfig(site: Site): InlineConfig {
  return {
    configFile: false,
    root: site.webFolder,
    base: `/${site.name}/`,
    cacheDir: `${ROOT}.ternion/vite/${site.name}`,
    plugins: [react()],
    resolve: {
      conditions: ['ternion-source', ...defaultClientConditions],
      // Its `development` entry imports wasm as a module, which no browser can; this one fetches it.
      alias: { 'loro-crdt': 'loro-crdt/browser' },
      dedupe: ['react', 'react-dom', 'three'],
    },
    // It finds its wasm beside its own file, so it may not be bundled elsewhere.
    optimizeDeps: { exclude: ['loro-crdt'] },
  };
}
