/**
 * The main job, in two real browsers against the real server: a shard, a document and rows on one WebSocket
 * per page, through a crash of the server. The tests build on each other; screenshots go to test-results/.
 */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { browserTest, chromiumPath } from './chromium.ts';
import { ExampleServer } from './example-server.ts';
import { smoothly, walkInCircles, watch } from './motion.ts';
import { launch, Visitor } from './visitor.ts';

const WALK_SPEED = 4.6;

let server: ExampleServer;
let browser: Browser;
let ann: Visitor;
let bob: Visitor;

beforeAll(async () => {
  if (!chromiumPath()) return;
  [server, browser] = await Promise.all([ExampleServer.start('world'), launch()]);
  ann = await Visitor.open(browser, server.url);
  bob = await Visitor.open(browser, server.url);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

browserTest('two pages meet on the plaza, with one WebSocket each', async () => {
  const [annId, bobId] = [await ann.me(), await bob.me()];
  expect(annId).not.toBe(bobId);
  for (const [visitor, other] of [
    [ann, bobId],
    [bob, annId],
  ] as const) {
    await visitor.page.waitForFunction((id) => window.__world!.people().some((p) => p.id === id), other);
    const stats = await visitor.page.evaluate(() => ({ ...window.__world!.engine.stats }));
    expect(visitor.sockets).toBe(1);
    expect(stats).toMatchObject({ socketsOpened: 1, socketsOpen: 1 });
  }
  await ann.screenshot('world-1-meet');
});

browserTest('each sees the other move smoothly', async () => {
  const [annId, bobId] = [await ann.me(), await bob.me()];
  await walkInCircles([ann, bob], async () => {
    await smoothly(WALK_SPEED, () => Promise.all([watch(bob, annId, 3000), watch(ann, bobId, 3000)]));
    await ann.screenshot('world-2-walk');
  });
});

browserTest('a wave is seen by the other', async () => {
  const waved = bob.page.evaluate(
    (id) =>
      new Promise<void>((resolve) => {
        window.__world!.plaza.onEvent('wave', ({ by }) => by === id && resolve());
      }),
    await ann.me(),
  );
  await ann.page.getByRole('button', { name: /^Wave/ }).click();
  await waved;
  await bob.screenshot('world-3-wave');
});

browserTest('both type into the sign at once and end equal', async () => {
  const [fromAnn, fromBob] = ['Meet at the fountain. ', 'Bring your own tea! '];
  await ann.page.locator('#sign').focus();
  await bob.page.locator('#sign').focus();
  await Promise.all([
    ann.page.keyboard.type(fromAnn, { delay: 20 }),
    bob.page.keyboard.type(fromBob, { delay: 25 }),
  ]);
  const text = await equalSigns((value) => value.length === fromAnn.length + fromBob.length);
  expect([...text].sort().join('')).toBe([...(fromAnn + fromBob)].sort().join(''));
  await ann.screenshot('world-4-sign');
});

browserTest('both guestbooks show both entries', async () => {
  await ann.writeEntry('Ann was here');
  await bob.writeEntry('and Bob too');
  for (const visitor of [ann, bob]) {
    await visitor.seesEntry('Ann was here');
    await visitor.seesEntry('and Bob too');
    await visitor.page.waitForFunction(() => !document.querySelector('[data-pending="true"]'));
  }
  await bob.screenshot('world-5-guestbook');
});

browserTest('after kill -9 both pages recover and nothing acknowledged is lost', async () => {
  const before = await ann.sign();
  await server.kill();
  for (const { page } of [ann, bob]) await page.locator('.connection[data-state="waiting"]').waitFor();

  await ann.page.locator('#sign').focus();
  await ann.page.keyboard.press('Control+End');
  await ann.page.keyboard.type('Written while the server was down.');
  await bob.writeEntry('An entry from the dark');
  await bob.page.locator('.entry[data-pending="true"]').waitFor();
  await ann.screenshot('world-6-down');
  await bob.screenshot('world-7-down');

  await server.run();
  await Promise.all([ann.settle(), bob.settle()]);
  const after = await equalSigns((value) => value.includes('down.'));
  expect(after.startsWith(before.trimEnd())).toBe(true);
  expect(after).toContain('Written while the server was down.');
  for (const visitor of [ann, bob]) {
    for (const entry of ['Ann was here', 'and Bob too', 'An entry from the dark']) {
      await visitor.seesEntry(entry);
    }
    await visitor.page.waitForFunction(() => !document.querySelector('[data-pending="true"]'));
    const stats = await visitor.page.evaluate(() => ({ ...window.__world!.engine.stats }));
    expect(stats.socketsOpen).toBe(1);
  }
  await expectBotsMove(bob);
  await ann.screenshot('world-8-back');
});

browserTest('after the crash people see each other walk again', async () => {
  const annId = await ann.me();
  await walkInCircles([ann], () => smoothly(WALK_SPEED, async () => [await watch(bob, annId, 3000)]));
});

browserTest('a reload comes back as the same guest, on one socket', async () => {
  const userId = () => ann.page.evaluate(() => window.__world!.engine.session!.userId);
  const before = await userId();
  ann.sockets = 0;
  await ann.page.reload();
  await ann.settle();
  expect(await userId()).toBe(before);
  expect(ann.sockets).toBe(1);
  await ann.seesEntry('Ann was here');
  expect(await ann.sign()).toContain('Written while the server was down.');
});

browserTest('no page had an error but those of the missing server', async () => {
  expect(ann.unexpectedErrors).toEqual([]);
  expect(bob.unexpectedErrors).toEqual([]);
});

/** Both textareas and both replicas' columns hold one text that `isDone`; resolves to it. */
async function equalSigns(isDone: (text: string) => boolean): Promise<string> {
  return expect
    .poll(
      async () => {
        const texts = await Promise.all(
          [ann, bob].flatMap((visitor) => [
            visitor.sign(),
            visitor.page.evaluate(() => window.__world!.signColumn()),
          ]),
        );
        return texts.every((text) => text === texts[0]) && isDone(texts[0]!);
      },
      { timeout: 30_000, interval: 200 },
    )
    .toBe(true)
    .then(() => ann.sign());
}

async function expectBotsMove(visitor: Visitor): Promise<void> {
  await visitor.page.evaluate(() => {
    const bots = () => window.__world!.people().filter(({ kind }) => kind === 'bot');
    const before = new Map(bots().map(({ id, x, z }) => [id, { x, z }]));
    return new Promise<void>((resolve) => {
      const look = () => {
        const moved = bots().filter(({ id, x, z }) => {
          const was = before.get(id);
          return was !== undefined && Math.hypot(x - was.x, z - was.z) > 0.5;
        });
        if (moved.length >= 5) resolve();
        else requestAnimationFrame(look);
      };
      look();
    });
  });
}
