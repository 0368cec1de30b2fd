/** Several tabs of one browser: they write, go offline, crash (leader or follower), and change who they are. */
import { simulate, type World } from 'ternion/testing';
import { expect } from 'vitest';
import { api, optimistic, type RowsApp, rowsApp } from './rows-app.ts';
import { SimBrowser, SimTab } from './tabs-kit.ts';

const options = { app: rowsApp, optimistic };

async function settle(world: World<RowsApp>, tabs: SimTab<RowsApp>[]): Promise<void> {
  for (const tab of tabs) {
    tab.online = true;
    tab.engine.nudge();
  }
  await world.env.clock.until(() => tabs.every((tab) => tab.settled), 120_000);
  await world.env.clock.advance(2000);
}

async function open(world: World<RowsApp>, browser: SimBrowser, user: string): Promise<SimTab<RowsApp>> {
  const tab = new SimTab(world, browser, { user });
  await world.env.clock.run(tab.engine.start());
  return tab;
}

const socketsOf = (tabs: SimTab<RowsApp>[]) => tabs.reduce((sum, tab) => sum + tab.sockets, 0);

simulate(
  '[S1] [S3] [S7] tabs: all show what their user may see over one socket, and each write is done once',
  options,
  async (world) => {
    const { random, clock } = world.env;
    const browser = new SimBrowser(world.env);
    const tabs: SimTab<RowsApp>[] = [];
    const wanted = new Set<string>();
    for (let i = 0; i < 3; i++) tabs.push(await open(world, browser, 'ada'));
    for (let step = 0; step < 40; step++) {
      const at = random.int(tabs.length);
      const tab = tabs[at]!;
      const pick = random.int(8);
      if (pick <= 4 && tab.engine.session) {
        const title = `n${step}`;
        wanted.add(title);
        tab.engine.insert('Note', { title, ownerId: 'ada', open: random.chance(0.5) });
      } else if (pick === 5) {
        tab.online = random.chance(0.6);
        if (!tab.online) tab.drop();
      } else if (pick === 6) {
        await clock.advance(1); // what was written is on the disk
        const reloaded = new SimTab(world, browser, { user: 'ada', state: tab.crash() });
        tabs[at] = reloaded;
        await clock.run(reloaded.engine.start());
      }
      // Its rows wait for the answer in a leader, and with them those of the followers.
      if (random.chance(0.3)) tab.engine.call(api.bank.append, { nonce: `e${step}` }).catch(() => {});
      await clock.advance(random.int(150));
    }
    await settle(world, tabs);
    const entries = await world.visibleTo('ada', 'Entry');
    for (const tab of tabs) expect(tab.rows('Entry')).toEqual(entries);
    const nonces = Object.values(entries).map((row) => row.nonce);
    expect(new Set(nonces).size).toBe(nonces.length);
    const truth = await world.visibleTo('ada', 'Note');
    for (const tab of tabs) expect(tab.rows('Note')).toEqual(truth);
    const titles = Object.values(truth).map((row) => row.title);
    expect(titles.toSorted()).toEqual([...wanted].toSorted());
    expect(socketsOf(tabs)).toBe(1);
    for (const tab of tabs) tab.crash();
  },
);

simulate(
  '[S8] tabs: one that becomes another user shares nothing with the others',
  options,
  async (world) => {
    const browser = new SimBrowser(world.env);
    const tabs = [await open(world, browser, 'ada'), await open(world, browser, 'ada')];
    await settle(world, tabs);
    expect(socketsOf(tabs)).toBe(1);
    tabs[1]!.engine.insert('Note', { title: 'secret', ownerId: 'ada', open: false });
    await settle(world, tabs);
    const changed = world.env.random.pick(tabs); // leader or follower
    if (world.env.random.chance(0.5)) {
      changed.online = false;
      changed.drop();
      await world.env.clock.advance(50);
    }
    changed.engine.insert('Note', { title: 'of the former', ownerId: 'ada', open: false });
    changed.user = 'eve';
    changed.engine.setToken('eve');
    await settle(world, tabs);
    for (const tab of tabs) expect(tab.rows('Note')).toEqual(await world.visibleTo(tab.user, 'Note'));
    expect(changed.rows('Note')).toEqual({});
    expect(tabs.map((tab) => tab.sockets)).toEqual([1, 1]);
    for (const tab of tabs) tab.crash();
  },
);

simulate(
  'tabs: a call of a follower is answered, and its effects are in its store',
  options,
  async (world) => {
    const browser = new SimBrowser(world.env);
    const tabs = [await open(world, browser, 'ada'), await open(world, browser, 'ada')];
    await settle(world, tabs);
    await world.env.clock.run(tabs[1]!.engine.call(api.bank.open, {}));
    expect(tabs[1]!.engine.store.list('Account')).toHaveLength(3);
    await world.env.clock.advance(200);
    expect(tabs[0]!.engine.store.list('Account')).toHaveLength(3);
    expect(tabs.map((tab) => tab.sockets)).toEqual([1, 0]);
    for (const tab of tabs) tab.crash();
  },
);

simulate(
  '[S7] tabs: what an optimistic call of the leader did reaches its followers',
  options,
  async (world) => {
    const browser = new SimBrowser(world.env);
    const tabs = [await open(world, browser, 'ada'), await open(world, browser, 'ada')];
    await settle(world, tabs);
    await world.env.clock.run(tabs[0]!.engine.call(api.bank.append, { nonce: 'n' }));
    await world.env.clock.advance(200);
    const entries = await world.visibleTo('ada', 'Entry');
    expect(Object.keys(entries)).toHaveLength(1);
    for (const tab of tabs) expect(tab.rows('Entry')).toEqual(entries);
    for (const tab of tabs) tab.crash();
  },
);
