/** Live and watched queries in several tabs of one browser, through crashes of leaders and followers. */
import type { Fault, LiveQuery, QuerySpec, WatchState } from 'ternion/client';
import { isFault } from 'ternion/client';
import { simulate, type World } from 'ternion/testing';
import { expect } from 'vitest';
import type { Json } from '../../src/base/json.ts';
import { select } from '../../src/schema/match.ts';
import { simViewer } from '../../src/testing/sim-auth.ts';
import { ROOMS, type TabsApp, tabsApp } from './tabs-app.ts';
import { SimBrowser, SimTab } from './tabs-kit.ts';

type Spec = QuerySpec & { entity: 'Message' };

interface Asked {
  readonly end: () => void;
  check(world: World<TabsApp>, user: string | null): Promise<void>;
}

/** One tab and what it asks for; asked again when it is loaded again. */
class Page {
  readonly world: World<TabsApp>;
  readonly browser: SimBrowser;
  readonly asked: Asked[] = [];
  tab: SimTab<TabsApp>;

  constructor(world: World<TabsApp>, browser: SimBrowser, user: string) {
    this.world = world;
    this.browser = browser;
    this.tab = new SimTab(world, browser, { user });
  }

  start(): Promise<void> {
    return this.world.env.clock.run(this.tab.engine.start());
  }

  async reload(): Promise<void> {
    await this.world.env.clock.advance(1); // what was written is on the disk
    this.asked.length = 0;
    this.tab = new SimTab(this.world, this.browser, { user: 'ada', state: this.tab.crash() });
    await this.start();
  }

  live(spec: Spec): void {
    const query = this.tab.engine.liveQuery(spec) as unknown as LiveQuery;
    this.asked.push({
      end: query.subscribe(() => {}),
      check: async (world, user) => {
        const visible = Object.values(await world.visibleTo(user, 'Message'));
        const fields = world.schema.entity('Message').fields;
        expect(query.complete, JSON.stringify(spec)).toBe(true);
        expect(query.data, JSON.stringify(spec)).toEqual(select({ ...spec, fields }, visible));
      },
    });
  }

  watch(name: string, args: Json): void {
    let shown: WatchState<unknown> = { name: 'pending' };
    const end = this.tab.engine.watch({ name }, args, (state) => {
      shown = state;
    });
    this.asked.push({
      end,
      check: async (world, user) => {
        const call = world.host.functions.call({ name, args, viewer: simViewer(user) });
        const naive = await world.env.clock.run(
          call.then(
            ({ value = null }) => ({ name: 'value', value, complete: true }),
            (error: Fault) => ({ name: 'error', code: isFault(error) ? error.code : 'internal' }),
          ),
        );
        const state = shown.name === 'error' ? { name: 'error', code: shown.fault.code } : shown;
        expect([name, args, state]).toEqual([name, args, naive]);
      },
    });
  }

  forget(): void {
    if (this.asked.length === 0) return;
    const [gone] = this.asked.splice(this.world.env.random.int(this.asked.length), 1);
    gone!.end();
  }
}

function ask(world: World<TabsApp>, page: Page): void {
  const { random } = world.env;
  const room = random.pick(ROOMS);
  const pick = random.int(8);
  if (pick === 0) page.forget();
  else if (pick <= 3) page.watch(`rooms.${random.pick(['count', 'list', 'first'])}`, { room });
  else {
    page.live({
      entity: 'Message',
      ...(random.chance(0.6) && { where: { room } }),
      ...(random.chance(0.5) && {
        orderBy: [{ field: 'rank', direction: random.chance(0.5) ? 'asc' : 'desc' } as const],
        limit: 1 + random.int(4),
      }),
    });
  }
}

function write(world: World<TabsApp>, { tab: { engine, user } }: Page): void {
  const { random } = world.env;
  if (!engine.session) return;
  const messages = engine.store.list('Message');
  const pick = random.int(6);
  const fresh = { room: random.pick(ROOMS), rank: random.int(5), open: random.chance(0.7) };
  if (pick === 0) engine.insert('Note', { title: 'n' });
  else if (pick <= 2 || messages.length === 0)
    engine.insert('Message', { ...fresh, ownerId: user ?? 'nobody' });
  else if (pick === 3) engine.delete('Message', random.pick(messages).id);
  else engine.update('Message', random.pick(messages).id, fresh);
}

async function trouble(world: World<TabsApp>, page: Page): Promise<void> {
  const { random } = world.env;
  const pick = random.int(5);
  if (pick === 0) page.tab.drop();
  else if (pick === 1) page.tab.online = random.chance(0.6);
  else if (pick === 2) void page.tab.engine.resetReplica();
  else await page.reload();
}

simulate(
  '[S1] [Q1] tabs: live and watched queries show what plain loops and calls find, through the death of leaders',
  { app: tabsApp },
  async (world) => {
    const { random, clock } = world.env;
    const browser = new SimBrowser(world.env);
    const pages = ['ada', 'ada', 'ada', 'eve'].map((user) => new Page(world, browser, user));
    for (const page of pages) await page.start();
    for (let step = 0; step < 60; step++) {
      const page = random.pick(pages);
      const pick = random.int(10);
      if (pick === 0 && page.tab.user === 'ada') await trouble(world, page);
      else if (pick <= 4) ask(world, page);
      else write(world, page);
      await clock.advance(random.int(120));
    }
    const tabs = pages.map(({ tab }) => tab);
    for (const tab of tabs) {
      tab.online = true;
      tab.engine.nudge();
    }
    await clock.until(() => tabs.every((tab) => tab.settled), 120_000);
    await clock.advance(8000); // what nobody asks for any more is given up
    const notes = await world.visibleTo('ada', 'Note');
    for (const { tab, asked } of pages) {
      expect(tab.rows('Note')).toEqual(notes);
      for (const one of asked) await one.check(world, tab.user);
    }
    expect(tabs.reduce((sum, tab) => sum + tab.sockets, 0)).toBe(2);
    for (const page of pages) {
      while (page.asked.length > 0) page.forget();
    }
    await clock.advance(8000);
    for (const tab of tabs) expect(tab.rows('Message')).toEqual({});
    for (const tab of tabs) tab.crash();
  },
);
