/**
 * The cold start of a client in Chromium: 20,000 rows and 1,000 unsent writes are in IndexedDB, on disk, of an
 * earlier run of the browser; the server is gone. From `createSyncEngine` to all of them in a live query.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { buildPage, chromiumPath } from './chromium-page.ts';
import type { Workload } from './figure.ts';
import { syncServer } from './sync-server.ts';

const ROWS = 20_000;
const WRITES = 1000;
const PAGE_MS = 60_000;
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
];

/** One run of a browser whose profile is `folder`; the page is answered here, with or without a server at `url`. */
async function inBrowser<T>(
  folder: string,
  of: { url: string; code: string },
  work: (page: Page) => Promise<T>,
) {
  const context: BrowserContext = await chromium.launchPersistentContext(folder, {
    executablePath: chromiumPath()!,
    args: FLAGS,
    // The page does not come from the network, so Chromium asks before it lets it connect to this machine.
    permissions: ['local-network-access'],
  });
  // A page that hangs is closed, which rejects what waits for it.
  const timer = setTimeout(() => void context.close(), PAGE_MS);
  try {
    const page = await context.newPage();
    const address = `${of.url}/bench/`;
    await page.route(address, (route) =>
      route.fulfill({ contentType: 'text/html', body: '<script type="module" src="page.js"></script>' }),
    );
    await page.route(`${address}page.js`, (route) =>
      route.fulfill({ contentType: 'text/javascript', body: of.code }),
    );
    await page.goto(address);
    await page.waitForFunction(() => window.coldStart !== undefined);
    return await work(page);
  } finally {
    clearTimeout(timer);
    await context.close();
  }
}

function coldStart(): Workload {
  let code: Promise<string> | undefined;
  const run = async () => {
    code ??= buildPage('cold-start');
    const folder = mkdtempSync(join(tmpdir(), 'ternion-bench-'));
    const { server, token, close } = await syncServer(ROWS);
    const of = { url: server.url, code: await code };
    let closed: Promise<void> | undefined;
    try {
      await inBrowser(folder, of, async (page) => {
        const rows = await page.evaluate((token) => window.coldStart!.visit(token), token);
        if (rows !== ROWS) throw new Error(`${rows} rows`);
        closed = close();
        await closed;
        await page.evaluate((writes) => window.coldStart!.leave(writes), WRITES);
      });
      const wanted = { rows: ROWS + WRITES, writes: WRITES };
      const ms = await inBrowser(folder, of, (page) =>
        page.evaluate(([token, wanted]) => window.coldStart!.start(token, wanted), [token, wanted] as const),
      );
      return { 'sync.cold-start-ms': ms };
    } finally {
      await (closed ?? close());
      rmSync(folder, { recursive: true, force: true });
    }
  };
  return { units: { 'sync.cold-start-ms': 'ms' }, run };
}

/** None where there is no Chromium. */
export const coldStartWorkloads: Record<string, () => Workload> = chromiumPath()
  ? { 'sync.cold-start-ms': coldStart }
  : {};
