/** The world on a phone, by keyboard alone, and under its content security policy. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { browserTest, chromiumPath } from './chromium.ts';
import { ExampleServer } from './example-server.ts';
import { launch, Visitor } from './visitor.ts';

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

browserTest('on a phone nothing is cut off, and the stick walks', async () => {
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  const visitor = await Visitor.open(browser, server.url, phone);
  const { page } = visitor;
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(width).toBeLessThanOrEqual(390);

  const before = await visitor.place();
  const stick = (await page.locator('.stick').boundingBox())!;
  const [x, y] = [stick.x + stick.width / 2, stick.y + stick.height / 2];
  const touch = await page.context().newCDPSession(page);
  const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', points: { x: number; y: number }[]) =>
    touch.send('Input.dispatchTouchEvent', { type, touchPoints: points });
  await send('touchStart', [{ x, y }]);
  await send('touchMove', [{ x, y: y + 40 }]);
  await movedFrom(visitor, before);
  await visitor.screenshot('world-phone');
  await send('touchEnd', []);

  await page.locator('#message').scrollIntoViewIfNeeded();
  await visitor.writeEntry('From a phone');
  await visitor.seesEntry('From a phone');
  await visitor.screenshot('world-phone-panel');
  expect(visitor.unexpectedErrors).toEqual([]);
  await visitor.close();
});

browserTest('the narrowest page has no sideways scrolling', async () => {
  const visitor = await Visitor.open(browser, server.url, { viewport: { width: 360, height: 640 } });
  expect(await visitor.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  await visitor.close();
});

browserTest('the keyboard alone is enough', async () => {
  const visitor = await Visitor.open(browser, server.url, { colorScheme: 'dark' });
  const { page } = visitor;
  const focused = () => page.evaluate(() => document.activeElement?.id || document.activeElement?.className);
  const tabTo = async (target: string) => {
    for (let i = 0; i < 12 && (await focused()) !== target; i++) await page.keyboard.press('Tab');
    expect(await focused()).toBe(target);
  };

  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('CANVAS');
  const start = await visitor.place();
  await page.keyboard.down('ArrowDown');
  await movedFrom(visitor, start);
  await page.keyboard.up('ArrowDown');

  await tabTo('name');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('Keyboard Kim');
  await tabTo('sign');
  await page.waitForFunction(() => {
    const world = window.__world!;
    return world.people().some(({ id, name }) => id === world.me() && name === 'Keyboard Kim');
  });
  const still = await standsStill(visitor);
  await page.keyboard.type('wasd ewq');
  await page.waitForFunction(() => window.__world!.signColumn() === 'wasd ewq');
  expect(await visitor.place()).toEqual(still);
  await tabTo('message');
  await page.keyboard.type('Without a mouse');
  await page.keyboard.press('Enter');
  await visitor.seesEntry('Without a mouse');
  await visitor.screenshot('world-keyboard-dark');
  expect(visitor.unexpectedErrors).toEqual([]);
  await visitor.close();
});

browserTest('pages come with a strict policy, and the launcher leads to the world', async () => {
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  const response = await page.goto(server.url);
  const policy = response?.headers()['content-security-policy'] ?? '';
  expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';");
  expect(policy).not.toContain('unsafe-inline');
  await page.screenshot({ path: 'test-results/launcher.png' });
  await page.getByRole('link', { name: /World/ }).click();
  await page.waitForURL(/\/world\/$/);
  expect(problems).toEqual([]);
  await page.close();
});

async function movedFrom(visitor: Visitor, from: { x: number; z: number }): Promise<void> {
  await visitor.page.waitForFunction(({ x, z }) => {
    const world = window.__world!;
    const me = world.people().find(({ id }) => id === world.me());
    return me !== undefined && Math.hypot(me.x - x, me.z - z) > 1;
  }, from);
}

/** Where one stands once one has come to a halt. */
async function standsStill(visitor: Visitor): Promise<{ x: number; z: number }> {
  let last = await visitor.place();
  await expect
    .poll(async () => {
      const before = last;
      last = await visitor.place();
      return before.x === last.x && before.z === last.z;
    })
    .toBe(true);
  return last;
}
