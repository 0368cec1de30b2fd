/** Two tabs of one browser and a second browser: one socket each, and the death of the leading tab. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { browserTest, chromiumPath } from './chromium.ts';
import { launch } from './visitor.ts';
import { WorldServer } from './world-server.ts';

let server: WorldServer;
let browser: Browser;

beforeAll(async () => {
  if (!chromiumPath()) return;
  [server, browser] = await Promise.all([WorldServer.start(), launch()]);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

async function open(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${server.url}/world/`);
  await ready(page);
  return page;
}

async function ready(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const { engine } = window.__world ?? {};
    return engine?.connection.state.name === 'ready' && engine.store.knowledge === 'complete';
  });
}

async function connections(): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(/^ternion_connections (\d+)$/m.exec(text)?.[1]);
}

async function post(from: Page, message: string, readers: Page[]): Promise<void> {
  await from.locator('#message').fill(message);
  await from.getByRole('button', { name: 'Post' }).click();
  for (const page of readers) await page.locator('.entry p', { hasText: message }).waitFor();
}

browserTest('[S1] two tabs share a socket, and the follower lives on when the leader dies', async () => {
  const [context, other] = [await browser.newContext(), await browser.newContext()];
  const leader = await open(context);
  const follower = await open(context);
  const second = await open(other);
  expect(await connections()).toBe(2);
  await post(follower, 'from the follower', [leader, follower, second]);
  await follower.reload();
  await ready(follower);
  await follower.locator('.entry p', { hasText: 'from the follower' }).waitFor();
  expect(await connections()).toBe(2);

  await leader.close();
  await post(second, 'after the death', [follower]);
  await ready(follower);
  await post(follower, 'the heir writes', [second]);
  expect(await connections()).toBe(2);
  await follower.screenshot({ path: 'test-results/tabs-heir.png' });
});
