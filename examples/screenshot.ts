/**
 * Takes the picture of the README, by hand: `npm start` with a fresh database in one terminal, then
 * `node examples/screenshot.ts` in another. Needs a Chromium (CHROMIUM_PATH, else /usr/bin/chromium).
 */
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';

const URL_OF_WORLD = process.argv[2] ?? 'http://localhost:4321/world/';
const PICTURE = fileURLToPath(new URL('../docs/images/world.png', import.meta.url));
const SOFTWARE_GL = ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];
const GUESTBOOK = [
  ['Merry Otter', 'Lovely fountain. I sat there for an hour.'],
  ['Quiet Heron', 'Pulled the plug on the server. Nothing happened, which is the point.'],
] as const;
const WIDTH = 1320;
/** Software rendering reaches it when the machine has nothing else to do. */
const FPS = 14;
const SIGN = 'Concert tonight\nat the fountain, 8 pm.\nBring a friend!';

async function visit(browser: Browser, name: string, width: number): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height: width === WIDTH ? 740 : 480 } });
  const page = await context.newPage();
  await page.addInitScript((own) => localStorage.setItem('ternion-world:name', own), name);
  await page.goto(URL_OF_WORLD);
  await page.waitForFunction(() => {
    const sign = document.querySelector<HTMLTextAreaElement>('#sign');
    return (window.__world?.me() ?? 0) > 0 && sign !== null && !sign.readOnly;
  });
  return page;
}

async function hold(page: Page, keys: readonly string[], forMs: number): Promise<void> {
  await page.locator('.plaza canvas').focus();
  for (const key of keys) await page.keyboard.down(key);
  await page.waitForTimeout(forMs);
  for (const key of keys) await page.keyboard.up(key);
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', ...SOFTWARE_GL],
});
try {
  const pages: Page[] = [];
  for (const [name, message] of GUESTBOOK) {
    const page = await visit(browser, name, 360);
    await page.locator('#message').fill(message);
    await page.getByRole('button', { name: 'Post' }).click();
    await page.locator('.entry p', { hasText: message }).waitFor();
    pages.push(page);
  }
  const [first, second] = pages as [Page, Page];
  if ((await first.locator('#sign').inputValue()) === '') await first.locator('#sign').fill(SIGN);
  await hold(first, ['d'], 500);
  await hold(second, ['w', 'd'], 500);
  const own = await visit(browser, 'Sunny Lark', WIDTH);
  await own.mouse.move(400, 400);
  await own.mouse.down();
  await own.mouse.move(436, 388);
  await own.mouse.up();
  await own.mouse.wheel(0, 160);
  await hold(own, ['a'], 900);
  await own.evaluate(() => document.activeElement instanceof HTMLElement && document.activeElement.blur());
  // Figures of a machine at rest, and nobody before the lens.
  await own.waitForFunction(
    (fps) => {
      const world = window.__world!;
      const me = world.people().find(({ id }) => id === world.me())!;
      const isFar = ({ id, x, z }: { id: number; x: number; z: number }) =>
        id === me.id || Math.hypot(x - me.x, z - me.z) > 3.2;
      return (
        world.fps() >= fps && world.plaza.stats.interpolationDelayMs < 250 && world.people().every(isFar)
      );
    },
    FPS,
    { timeout: 90_000 },
  );
  await second.getByRole('button', { name: /^Wave/ }).click();
  await own.waitForTimeout(350);
  await own.evaluate(() => window.__world!.sharpen());
  await own.screenshot({ path: PICTURE });
  console.log(`Took ${PICTURE}`);
} finally {
  await browser.close();
}
