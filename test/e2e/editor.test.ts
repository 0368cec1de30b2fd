/**
 * Two people in one note, in two real browsers: CodeMirror, ProseMirror and a textarea on one document, with
 * cursors, offline, and merged again. The tests build on each other; screenshots go to test-results/.
 */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { browserTest, chromiumPath } from './chromium.ts';
import { ExampleServer } from './example-server.ts';
import { launch } from './visitor.ts';
import { Writer } from './writer.ts';

let server: ExampleServer;
let browser: Browser;
let ann: Writer;
let bob: Writer;
/** The note of most tests. */
let plan: string;

beforeAll(async () => {
  if (!chromiumPath()) return;
  [server, browser] = await Promise.all([ExampleServer.start('editor'), launch()]);
  [ann, bob] = [await Writer.open(browser, server.url, 'Ann'), await Writer.open(browser, server.url, 'Bob')];
  plan = await ann.addNote('Plan');
  await bob.openNote('Plan');
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** Both pages show the same, and it is done; resolves to it. */
async function equal(isDone: (shown: Awaited<ReturnType<Writer['shown']>>) => boolean) {
  await expect
    .poll(
      async () => {
        const [a, b] = [await ann.shown(), await bob.shown()];
        return JSON.stringify(a) === JSON.stringify(b) && isDone(a) ? 'equal' : JSON.stringify({ a, b });
      },
      { timeout: 20_000, interval: 100 },
    )
    .toBe('equal');
  return ann.shown();
}

const letters = (text: string) => [...text].sort().join('');

browserTest('the first note has a text, which the server wrote together with its row', async () => {
  const eve = await Writer.open(browser, server.url, 'Eve');
  await eve.page.locator('.cm-line', { hasText: 'This is CodeMirror' }).waitFor();
  expect(await eve.summary.inputValue()).toBe('A note that everybody may write.');
  await eve.screenshot('editor-0-welcome');
  expect(eve.errors).toEqual([]);
  await eve.close();
});

browserTest('both type into one empty text in CodeMirror, and see each other there', async () => {
  await Promise.all([ann.write(ann.code, 'Ann was here. '), bob.write(bob.code, 'Bob too, today. ')]);
  const { code } = await equal(({ code }) => code.length === 30);
  expect(letters(code)).toBe(letters('Ann was here. Bob too, today. '));
  await ann.flag(bob, 'code').waitFor();
  await bob.flag(ann, 'code').waitFor();
  await ann.write(ann.code, '\nA second line');
  await ann.press('Shift+Home');
  await bob.page.locator('.surface.code .range').waitFor();
  await bob.screenshot('editor-1-codemirror');
});

browserTest('both begin one empty page in ProseMirror at once, and nothing is lost or doubled', async () => {
  await Promise.all([ann.write(ann.rich, 'Ann writes.'), bob.write(bob.rich, 'Bob as well.')]);
  const { rich } = await equal(({ rich }) => rich.join('').length === 23);
  expect(letters(rich.join(''))).toBe(letters('Ann writes.Bob as well.'));
  await ann.flag(bob, 'rich').waitFor();
  await bob.flag(ann, 'rich').waitFor();
  expect(await bob.flag(ann, 'code').count()).toBe(0); // she is elsewhere now
});

browserTest('marks and headings made by one are seen by the other', async () => {
  await ann.rich.focus();
  await ann.press('Control+a');
  await ann.page.getByRole('button', { name: 'Bold' }).click();
  await bob.page.locator('.ProseMirror strong').first().waitFor();
  await ann.press('Control+End');
  await ann.press('Enter');
  await ann.page.getByRole('button', { name: 'Heading' }).click();
  await ann.page.keyboard.type('Next');
  await equal(({ rich }) => rich.length === 3 && rich[2] === 'Next');
  expect(await bob.page.locator('.ProseMirror h2').allTextContents()).toEqual([
    expect.stringMatching(/^Next/),
  ]);
  await bob.screenshot('editor-2-prosemirror');
});

browserTest("undo takes back one's own edits of one editor, not the other's", async () => {
  await ann.write(ann.summary, 'A summary');
  const before = await equal(({ summary }) => summary === 'A summary');
  await bob.write(bob.code, ' by Bob');
  await equal(({ code }) => code === `${before.code} by Bob`);
  await ann.code.focus();
  await ann.press('Control+z');
  const after = await equal(({ code }) => code.endsWith(' by Bob') && !code.includes('second line'));
  expect(after).toMatchObject({ rich: before.rich, summary: 'A summary' });
  await ann.press('Control+y');
  await equal(({ code }) => code === `${before.code} by Bob`);
});

browserTest('the columns of the row follow the document', async () => {
  const { code, summary } = await ann.shown();
  await expect.poll(() => bob.columns(plan)).toMatchObject({ body: code, summary });
  const page = JSON.stringify((await bob.columns(plan))?.page);
  expect(page).toContain('Next');
  await bob.page.locator('.glimpse', { hasText: 'A summary' }).waitFor();
});

browserTest('[D2] one goes offline, both edit, his page is reloaded there, and all is merged', async () => {
  const before = await ann.shown();
  await bob.goOffline();
  await expect.poll(() => ann.flag(bob, 'code').count()).toBe(0); // he is gone
  await bob.write(bob.code, ' [offline code]');
  await bob.write(bob.rich, ' [offline rich]');
  await ann.write(ann.code, ' [online code]');
  await ann.write(ann.rich, ' [online rich]');
  await bob.sees('your edits are kept here');
  await bob.screenshot('editor-3-offline');

  await bob.page.reload();
  await bob.sees('Offline');
  const reloaded = { code: `${before.code} [offline code]`, summary: before.summary };
  await expect.poll(() => bob.shown()).toMatchObject(reloaded);
  await bob.write(bob.code, ' [reloaded code]');
  await bob.write(bob.rich, ' [reloaded rich]');
  await bob.screenshot('editor-4-reloaded');

  await bob.comeBack();
  const { code, rich } = await equal(
    (shown) => /offline.*reloaded/.test(shown.code) && shown.code.includes('online'),
  );
  expect(letters(code)).toBe(letters(`${before.code} [offline code] [reloaded code] [online code]`));
  const page = rich.join('');
  expect(letters(page)).toBe(letters(`${before.rich.join('')} [offline rich] [reloaded rich] [online rich]`));
  for (const written of [' [offline rich] [reloaded rich]', ' [online rich]'])
    expect(page).toContain(written);
  await bob.screenshot('editor-5-merged');
});

browserTest('who may only read sees what is written and cannot write', async () => {
  await ann.addNote('For reading');
  await bob.openNote('For reading');
  await bob.write(bob.code, 'Bob may. ');
  await ann.page.locator('.cm-line', { hasText: 'Bob may.' }).waitFor();

  await ann.page.getByLabel('Others may write').uncheck();
  await bob.sees('Read-only');
  expect(await bob.code.getAttribute('contenteditable')).toBe('false');
  expect(await bob.rich.getAttribute('contenteditable')).toBe('false');
  expect(await bob.summary.getAttribute('readonly')).not.toBeNull();
  await ann.write(ann.code, 'Only Ann does.');
  await ann.write(ann.rich, 'In both.');
  await bob.code.click({ force: true });
  await bob.page.keyboard.type('Bob tries');
  await bob.rich.click({ force: true });
  await bob.page.keyboard.type('Bob tries');
  const { code, rich } = await equal(({ rich }) => rich.join('') === 'In both.');
  expect(code).toBe('Bob may. Only Ann does.');
  expect(rich).toEqual(['In both.']);
  expect(await bob.page.getByRole('button', { name: 'Bold' }).isDisabled()).toBe(true);
  await bob.flag(ann, 'rich').waitFor();
  await bob.screenshot('editor-6-read-only');

  await ann.page.getByLabel('Others may write').check();
  await bob.sees('Saved by the server');
  await bob.write(bob.rich, ' Again.');
  await equal(({ rich }) => rich.join('') === 'In both. Again.');
});

browserTest('the history says who wrote, and goes back', async () => {
  await ann.addNote('Going back');
  await bob.openNote('Going back');
  await ann.write(ann.code, 'Ann in code. ');
  await equal(({ code }) => code === 'Ann in code. ');
  await bob.write(bob.summary, 'A summary');
  await bob.write(bob.rich, 'Bob on the page.');
  await ann.flag(bob, 'rich').waitFor();
  await equal(({ rich, summary }) => rich.join('') === 'Bob on the page.' && summary === 'A summary');
  await ann.sees('Saved by the server');
  await ann.page.getByText('History', { exact: true }).click();
  await ann.page.locator('.history li').first().waitFor();
  await ann.page.locator('.history').scrollIntoViewIfNeeded();
  await ann.screenshot('editor-7-history');
  expect(await ann.page.locator('.history li span').allTextContents()).toEqual(['You, Bob']);
  await ann.page.getByRole('button', { name: 'Go back' }).click();
  await equal(({ code, rich, summary }) => `${code}${rich.join('')}${summary}` === '');
  await ann.write(ann.code, 'On from there.');
  await bob.write(bob.rich, 'Here as well.');
  await equal(({ code, rich }) => code === 'On from there.' && rich.join('') === 'Here as well.');
});

browserTest('after kill -9 of the server both go on', async () => {
  await server.kill();
  await Promise.all([ann.sees('Offline'), bob.sees('Offline')]);
  await ann.write(ann.code, ' While it was down.');
  await server.run();
  await equal(({ code }) => code.endsWith(' While it was down.'));
  await ann.sees('Saved by the server');
});

browserTest('no page had an error but those of the missing server', async () => {
  expect(ann.unexpectedErrors).toEqual([]);
  expect(bob.unexpectedErrors).toEqual([]);
});
