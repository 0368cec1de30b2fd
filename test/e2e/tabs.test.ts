/** Tabs of one browser and a second browser: one socket each, through a crash of the leader, of the server, a sign-out. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { browserTest, chromiumPath } from './chromium.ts';
import { ExampleServer } from './example-server.ts';
import { launch } from './visitor.ts';

/** Four pages are drawn in software at once. */
const SMALL = { viewport: { width: 400, height: 300 } };

let server: ExampleServer;
let browser: Browser;

beforeAll(async () => {
  if (!chromiumPath()) return;
  [server, browser] = await Promise.all([ExampleServer.start('world'), launch()]);
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

/** As a crash of the renderer; the browser frees what the page held. */
async function crash(page: Page): Promise<void> {
  const crashed = page.waitForEvent('crash');
  const devtools = await page.context().newCDPSession(page);
  devtools.send('Page.crash').catch(() => {});
  await crashed;
}

/** Whose the stored rows are. */
function storedOwner(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const settled = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const db = await settled(indexedDB.open('ternion:world'));
    const { owner } = await settled(db.transaction('cursors').objectStore('cursors').get('owner'));
    db.close();
    return owner;
  });
}

browserTest('[S1] [S8] two tabs share a socket, and one lives on whatever becomes of the other', async () => {
  const [context, other] = [await browser.newContext(SMALL), await browser.newContext(SMALL)];
  const leader = await open(context);
  const follower = await open(context);
  const second = await open(other);
  expect(await connections()).toBe(2);
  await post(follower, 'from the follower', [leader, follower, second]);
  await follower.reload();
  await ready(follower);
  await follower.locator('.entry p', { hasText: 'from the follower' }).waitFor();
  expect(await connections()).toBe(2);

  await server.kill();
  await post(leader, 'offline, the leader', [leader]);
  await post(follower, 'offline, the follower', [follower]);
  await follower.screenshot({ path: 'test-results/tabs-offline.png' });
  await server.run();
  for (const page of [leader, follower, second]) {
    for (const who of ['leader', 'follower']) {
      const entry = page.locator('.entry p', { hasText: `offline, the ${who}` });
      await entry.waitFor();
      expect(await entry.count()).toBe(1);
    }
    await ready(page);
  }
  expect(await connections()).toBe(2);

  await crash(leader);
  await post(second, 'after the crash', [follower]);
  await ready(follower);
  await post(follower, 'the heir writes', [second]);
  expect(await connections()).toBe(2);
  await follower.screenshot({ path: 'test-results/tabs-heir.png' });

  const [heir, third] = [follower, await open(context)];
  const owner = await storedOwner(third);
  await heir.evaluate(() => window.__world?.engine.setToken(null));
  await heir.waitForFunction(() => window.__world?.engine.session?.userId === null);
  await ready(heir);
  await post(third, 'who stayed signed in', [heir, third, second]);
  expect(await connections()).toBe(3);
  expect(await storedOwner(heir)).toBe(owner);
  expect(owner).toMatch(/^user:/);
  await heir.screenshot({ path: 'test-results/tabs-signed-out.png' });
});
