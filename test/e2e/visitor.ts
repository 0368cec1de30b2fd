/** A page in a browser context of its own that visits the world, with what it did wrong on the way. */
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { WorldDebug } from '../../examples/world/web/debug.ts';
import { chromiumPath } from './chromium.ts';

declare global {
  interface Window {
    __world?: WorldDebug;
  }
}

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
];
/** What a browser says of a server that is not there; errors only while one was killed. */
const NO_SERVER =
  /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|WebSocket connection to .* failed/;
/** Pages drawn in software on a shared machine take their time. */
export const PATIENCE_MS = 45_000;

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath()!, args: FLAGS });
}

export class Visitor {
  readonly page: Page;
  /** Sockets that the page has opened since it was loaded. */
  sockets = 0;
  readonly errors: string[] = [];
  readonly #context: BrowserContext;

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('websocket', () => this.sockets++);
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(message.text());
    });
  }

  static async open(
    browser: Browser,
    url: string,
    options: Parameters<Browser['newContext']>[0] = {},
  ): Promise<Visitor> {
    const context = await browser.newContext({ viewport: { width: 960, height: 680 }, ...options });
    const visitor = new Visitor(context, await context.newPage());
    await visitor.page.goto(`${url}/world/`);
    await visitor.settle();
    return visitor;
  }

  /** Connected, on the plaza with all bots, rows confirmed, the sign open. */
  async settle(): Promise<void> {
    await this.page.waitForFunction(() => {
      const world = window.__world;
      if (world?.engine.connection.state.name !== 'ready') return false;
      const sign = document.querySelector<HTMLTextAreaElement>('#sign');
      return (
        world.engine.store.knowledge === 'complete' &&
        world.plaza.state.name === 'playing' &&
        world.me() > 0 &&
        world.people().length > 24 &&
        sign !== null &&
        !sign.readOnly
      );
    });
  }

  /** Errors other than those that a killed server must cause. */
  get unexpectedErrors(): string[] {
    return this.errors.filter((error) => !NO_SERVER.test(error));
  }

  me(): Promise<number> {
    return this.page.evaluate(() => window.__world!.me());
  }

  place(): Promise<{ x: number; z: number }> {
    return this.page.evaluate(() => {
      const world = window.__world!;
      const { x, z } = world.people().find(({ id }) => id === world.me())!;
      return { x, z };
    });
  }

  sign(): Promise<string> {
    return this.page.locator('#sign').inputValue();
  }

  async writeEntry(message: string): Promise<void> {
    await this.page.locator('#message').fill(message);
    await this.page.getByRole('button', { name: 'Post' }).click();
  }

  /** Waits until the guestbook shows an entry. */
  async seesEntry(message: string): Promise<void> {
    await this.page.locator('.entry p', { hasText: message }).waitFor();
  }

  async screenshot(name: string): Promise<void> {
    await this.page.screenshot({ path: `test-results/${name}.png` });
  }

  close(): Promise<void> {
    return this.#context.close();
  }
}
