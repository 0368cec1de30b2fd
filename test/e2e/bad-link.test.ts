/**
 * Two predicted players in two real browsers over a line of 80 ms there and back with jitter and lost packets; the server
 * is killed in the middle and both play on. Screenshots, that of the debug overlay among them, go to test-results/.
 */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { nodeEnv } from '../../src/server/node-env.ts';
import { LinkProxy } from '../../src/testing/link-proxy.ts';
import { browserTest, chromiumPath } from './chromium.ts';
import { ExampleServer } from './example-server.ts';
import { smoothly, walkInCircles, watch } from './motion.ts';
import { launch, Visitor } from './visitor.ts';

const WALK_SPEED = 4.6;

let server: ExampleServer;
let proxy: LinkProxy;
let browser: Browser;
let ann: Visitor;
let bob: Visitor;

beforeAll(async () => {
  if (!chromiumPath()) return;
  [server, browser] = await Promise.all([ExampleServer.start('world'), launch()]);
  const quality = { latencyMs: 40, jitterMs: 20, loss: 0.02 };
  proxy = new LinkProxy(nodeEnv('silent'), {
    quality,
    toPort: Number(new URL(server.url).port),
    toHost: 'localhost',
  });
  const url = `http://localhost:${await proxy.listen(0, 'localhost')}`;
  ann = await Visitor.open(browser, url);
  bob = await Visitor.open(browser, url);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await proxy?.close();
  await server?.close();
});

/** Both walk; each sees himself and the other go smoothly. */
async function walkTogether(): Promise<void> {
  const [annId, bobId] = [await ann.me(), await bob.me()];
  await walkInCircles([ann, bob], () =>
    smoothly(WALK_SPEED, () =>
      Promise.all([watch(ann, annId, 3000), watch(ann, bobId, 3000), watch(bob, annId, 3000)]),
    ),
  );
}

browserTest('[T6] over a bad line both see themselves and each other walk smoothly', async () => {
  await walkTogether();
  const { rtt, frames, mispredictions } = await ann.page.evaluate(() => {
    const { plaza } = window.__world!;
    const { frames, mispredictions } = plaza.stats;
    return { rtt: plaza.rtt, frames, mispredictions };
  });
  expect(rtt).toBeGreaterThan(80);
  expect(mispredictions / frames).toBeLessThan(0.2);
});

browserTest('the debug overlay shows the line, and goes again', async () => {
  await ann.page.evaluate(async () => {
    const hide = await window.__world!.overlay();
    Object.assign(window, { hideOverlay: hide });
  });
  await walkInCircles([ann, bob], () => ann.page.waitForTimeout(4000));
  const overlay = ann.page.locator('[data-ternion-overlay]');
  expect(await overlay.count()).toBe(1);
  await ann.screenshot('bad-link-1-overlay');
  await overlay.screenshot({ path: 'test-results/bad-link-overlay.png' });
  await ann.page.evaluate(() => (window as never as { hideOverlay(): void }).hideOverlay());
  expect(await overlay.count()).toBe(0);
});

browserTest('[T6] the server is killed and started again, and both play on', async () => {
  await server.kill();
  await ann.page.waitForFunction(() => window.__world!.plaza.state.name === 'rejoining');
  await server.run();
  await Promise.all([ann.settle(), bob.settle()]);
  await walkTogether();
  await bob.screenshot('bad-link-2-after');
  expect(ann.unexpectedErrors).toEqual([]);
  expect(bob.unexpectedErrors).toEqual([]);
});
