/** Somebody who writes notes, in a browser context of his own whose WebSocket can be cut. */
import type { Browser, BrowserContext, Locator, Page, WebSocketRoute } from 'playwright-core';
import type { EditorDebug } from '../../examples/editor/web/debug.ts';

declare global {
  interface Window {
    __editor?: EditorDebug;
  }
}

const SIZE = { viewport: { width: 1060, height: 900 } };
/** What the page itself says of a socket that was refused. */
const CUT = /WebSocket|ERR_/;
/** Two browsers on a shared machine take their time. */
const PATIENCE_MS = 30_000;

export class Writer {
  readonly name: string;
  readonly page: Page;
  readonly errors: string[] = [];
  readonly #context: BrowserContext;
  readonly #sockets = new Set<WebSocketRoute>();
  #isOffline = false;

  private constructor(name: string, context: BrowserContext, page: Page) {
    this.name = name;
    this.#context = context;
    this.page = page;
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(message.text());
    });
  }

  static async open(browser: Browser, url: string, name: string): Promise<Writer> {
    const context = await browser.newContext(SIZE);
    await context.addInitScript((own) => localStorage.setItem('ternion-editor:name', own), name);
    const writer = new Writer(name, context, await context.newPage());
    await context.routeWebSocket(/\/ws/, (socket) => writer.#route(socket));
    await writer.page.goto(`${url}/editor/`);
    await writer.sees('Saved by the server');
    return writer;
  }

  /** The page keeps its files and loses its server. */
  async goOffline(): Promise<void> {
    this.#isOffline = true;
    for (const socket of this.#sockets) await socket.close({ code: 1011 });
    this.#sockets.clear();
    await this.sees('Offline');
  }

  async comeBack(): Promise<void> {
    this.#isOffline = false;
    await this.page.evaluate(() => window.__editor?.engine.nudge());
    await this.sees('Saved by the server');
  }

  get code(): Locator {
    return this.page.locator('.cm-content');
  }

  get rich(): Locator {
    return this.page.locator('.ProseMirror');
  }

  get summary(): Locator {
    return this.page.getByLabel('Summary');
  }

  /** Another's name on his caret in an editor. */
  flag(of: Writer, editor: 'code' | 'rich'): Locator {
    return this.page.locator(`.surface.${editor} .flag`, { hasText: of.name });
  }

  /** What the editors show, without carets of others. */
  shown(): Promise<{ code: string; rich: string[]; summary: string }> {
    return this.page.evaluate(() => {
      const content = document.querySelector('.surface.code')!.shadowRoot!.querySelector('.cm-content')!;
      const isEmpty = content.querySelector('.cm-placeholder') !== null;
      const lines = [...content.querySelectorAll('.cm-line')].map(({ textContent }) => textContent);
      const blocks = [...document.querySelector('.ProseMirror')!.children].map((block) => {
        const copy = block.cloneNode(true) as Element;
        for (const caret of copy.querySelectorAll('.caret')) caret.remove();
        return copy.textContent ?? '';
      });
      return {
        code: isEmpty ? '' : lines.join('\n'),
        rich: blocks,
        summary: document.querySelector<HTMLTextAreaElement>('#summary')!.value,
      };
    });
  }

  columns(id: string) {
    return this.page.evaluate((id) => window.__editor!.columns(id), id);
  }

  async openNote(title: string): Promise<void> {
    await this.page.getByRole('link', { name: title }).click();
    await this.page.getByRole('heading', { name: title }).waitFor();
  }

  /** Waits until the note's state says so. */
  async sees(state: string): Promise<void> {
    await this.page.locator('.state', { hasText: state }).waitFor();
  }

  /** Types at the end of an editor. */
  async write(editor: Locator, text: string): Promise<void> {
    await editor.focus();
    await this.page.keyboard.press('Control+End');
    await this.page.keyboard.type(text, { delay: 15 });
  }

  async screenshot(name: string): Promise<void> {
    await this.page.screenshot({ path: `test-results/${name}.png` });
  }

  /** Errors other than those that a cut must cause. */
  get unexpectedErrors(): string[] {
    return this.errors.filter((error) => !CUT.test(error));
  }

  close(): Promise<void> {
    return this.#context.close();
  }

  #route(socket: WebSocketRoute): void {
    if (this.#isOffline) {
      void socket.close({ code: 1011 });
      return;
    }
    this.#sockets.add(socket);
    socket.connectToServer();
  }
}
