/** What benchmarks in a real browser share: where Chromium is, and a page of bench/pages as one script. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build, defaultClientConditions, type Rolldown } from 'vite';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export function chromiumPath(): string | undefined {
  return [process.env.CHROMIUM_PATH, ...PLACES].find((path) => path && existsSync(path));
}

/** The script of `pages/<name>.ts`, with all that it imports. */
export async function buildPage(name: string): Promise<string> {
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['ternion-source', ...defaultClientConditions] },
    build: {
      write: false,
      target: 'es2023',
      lib: { entry: join(import.meta.dirname, `pages/${name}.ts`), formats: ['es'], fileName: 'page' },
    },
  })) as Rolldown.RolldownOutput[];
  return built[0]!.output[0].code;
}
