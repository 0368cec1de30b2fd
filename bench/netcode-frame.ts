/**
 * What a drawn frame costs a page: decode what came, run the own ticks, interpolate and predict 200 entities and read
 * them all; 60 frames and 30 snapshots a second. In Chromium; and what a frame allocates, in Node.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { chromium } from 'playwright-core';
import { buildPage, chromiumPath } from './chromium-page.ts';
import { quantile, type Sample, type Workload } from './figure.ts';
import { recordCrowd } from './netcode-record.ts';
import { type Recording, Replay } from './netcode-replay.ts';

const SECONDS = 20;
const DRAWS = 20_000;
const ADDRESS = 'http://localhost/bench/';

/** With the headers that make the clock of a page exact to 5 us instead of 100. */
async function inChromium(code: string, recording: Recording): Promise<number[]> {
  const browser = await chromium.launch({
    executablePath: chromiumPath()!,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run'],
  });
  try {
    const page = await browser.newPage();
    const headers = {
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    };
    await page.route(`${ADDRESS}**`, (route) =>
      route.request().url() === ADDRESS
        ? route.fulfill({
            headers,
            contentType: 'text/html',
            body: '<script type="module" src="page.js"></script>',
          })
        : route.fulfill({ headers, contentType: 'text/javascript', body: code }),
    );
    await page.goto(ADDRESS);
    await page.waitForFunction(() => window.netcode !== undefined);
    return await page.evaluate((text) => window.netcode!.frames(text), JSON.stringify(recording));
  } finally {
    await browser.close();
  }
}

function frameTime(): Workload {
  let parts: Promise<[string, Recording]> | undefined;
  return {
    units: { 'netcode.client-frame-ms': 'ms', 'netcode.client-frame-p99-ms': 'ms' },
    async run(): Promise<Sample> {
      parts ??= Promise.all([buildPage('netcode'), recordCrowd(SECONDS)]);
      const times = await inChromium(...(await parts));
      const sorted = times.sort((a, b) => a - b);
      return {
        'netcode.client-frame-ms': times.reduce((sum, ms) => sum + ms, 0) / times.length,
        'netcode.client-frame-p99-ms': quantile(sorted, 0.99),
      };
    },
  };
}

/** Bytes of heap for a frame in which nothing came. */
function allocation(): Workload {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  return {
    units: { 'netcode.draw-bytes': 'B' },
    async run(): Promise<Sample> {
      const replay = new Replay(await recordCrowd(3));
      while (!replay.ended) replay.frame();
      for (let i = 0; i < DRAWS; i++) replay.drawAgain();
      if (typeof collect === 'function') collect();
      const before = process.memoryUsage().heapUsed;
      for (let i = 0; i < DRAWS; i++) replay.drawAgain();
      return { 'netcode.draw-bytes': (process.memoryUsage().heapUsed - before) / DRAWS };
    },
  };
}

export const netcodeFrameWorkloads: Record<string, () => Workload> = {
  'netcode.draw-bytes': allocation,
  ...(chromiumPath() ? { 'netcode.client-frame-ms': frameTime } : {}),
};
