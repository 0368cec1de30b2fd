// @vitest-environment happy-dom
import { act, type ReactNode, StrictMode, Suspense, startTransition, use } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Fault } from '../base/fault.ts';
import { canonicalJson, type Json } from '../base/json.ts';
import type { PageArgs, PageValue } from '../client/paged-query.ts';
import { engineKit, isComplete } from '../client/testing/engine-kit.ts';
import type { WatchState } from '../client/watch-state.ts';
import type { AppShape, FunctionRef } from '../schema/app-shape.ts';
import { simEnv } from '../testing/sim-env.ts';
import { createHooks } from './create-hooks.ts';
import { TernionProvider } from './provider.ts';
import { useConnection, useMutationQueue } from './use-engine-state.ts';
import { usePaginatedQuery, useReactiveQuery } from './use-reactive-query.ts';

const { useEntity, useInfiniteQuery, useQuery, useRow } = createHooks<AppShape>();
const count: FunctionRef<{ tag: string }, number> = { name: 'notes.count' };
const feed: FunctionRef<{ tag: string; page: PageArgs }, PageValue<string>> = { name: 'notes.feed' };
type Listener = (state: WatchState<never>) => void;

let root: Root;
beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  root = createRoot(document.createElement('div'));
});
afterEach(() => {
  act(() => root.unmount());
  vi.unstubAllGlobals();
});

/** An engine whose `watch` answers when it is told to. */
async function setUp() {
  const kit = engineKit(simEnv());
  const watches = new Map<Listener, string>();
  let asked = 0;
  const watch = (fn: { name: string }, args: Json, listener: Listener) => {
    asked++;
    watches.set(listener, `${fn.name} ${canonicalJson(args)}`);
    listener({ name: 'pending' });
    return () => void watches.delete(listener);
  };
  const engine = Object.assign(kit.engine, { watch });
  const tell = (key: string, state: WatchState<unknown>) =>
    act(async () => {
      for (const [listener, name] of [...watches]) if (name === key) listener(state as WatchState<never>);
    });
  const within = (node: ReactNode) => <TernionProvider engine={engine}>{node}</TernionProvider>;
  const render = (node: ReactNode) => act(() => root.render(within(node)));
  const advance = (ms: number) => act(() => kit.env.clock.advance(ms));
  const start = async () => {
    act(() => void engine.start());
    await act(() => kit.env.clock.until(isComplete(engine)));
    await advance(50);
  };
  return { ...kit, engine, tell, within, render, advance, start, asked: () => asked, watches };
}

function probe<T>(hook: () => T) {
  const seen: T[] = [];
  const Probe = () => {
    seen.push(hook());
    return null;
  };
  return { seen, Probe, last: () => seen.at(-1) as T };
}

describe('useReactiveQuery', () => {
  const key = 'notes.count {"tag":"x"}';

  test('follows its watch, and renders only when its result changes', async () => {
    const { render, tell } = await setUp();
    const hook = probe(() => useReactiveQuery(count, { tag: 'x' }));
    render(<hook.Probe />);
    expect(hook.seen).toEqual([{ data: undefined, complete: false, error: undefined }]);
    await tell(key, { name: 'value', value: 1, complete: true });
    await tell(key, { name: 'value', value: 1, complete: true });
    expect(hook.seen).toHaveLength(2);
    await tell(key, { name: 'value', value: 1, complete: false });
    expect(hook.last()).toEqual({ data: 1, complete: false, error: undefined });
    const fault = new Fault('too_large', 'no');
    await tell(key, { name: 'error', fault, value: 1 });
    expect(hook.last()).toEqual({ data: 1, complete: false, error: fault });
    await tell(key, { name: 'pending' }); // another identity [S8]
    expect(hook.last().data).toBeUndefined();
    expect(hook.seen).toHaveLength(5);
  });

  test('equal arguments are one watch, skip is none, and nothing leaks in strict mode', async () => {
    const { render, asked, watches } = await setUp();
    const Top = ({ tag }: { tag: string | null }) => {
      useReactiveQuery({ ...count }, tag === null ? 'skip' : { tag });
      return null;
    };
    render(<Top tag="x" />);
    render(<Top tag="x" />);
    expect([asked(), [...watches.values()]]).toEqual([1, [key]]);
    render(<Top tag={null} />);
    expect(watches.size).toBe(0);
    render(
      <StrictMode>
        <Top tag="x" />
      </StrictMode>,
    );
    expect(watches.size).toBe(1);
    render(null);
    expect(watches.size).toBe(0);
  });

  test('a render that suspends, and is given up, watches nothing', async () => {
    const { within, asked, watches } = await setUp();
    const never = new Promise<void>(() => {});
    const Suspended = () => {
      useReactiveQuery(count, { tag: 'x' });
      use(never);
      return null;
    };
    const suspended = (
      <Suspense fallback={null}>
        <Suspended />
      </Suspense>
    );
    await act(async () => root.render(within(suspended)));
    await act(async () => root.render(within(null)));
    await act(async () => startTransition(() => root.render(within(suspended))));
    await act(async () => root.render(within(null)));
    expect([asked(), watches.size]).toEqual([0, 0]);
  });
});

test('usePaginatedQuery puts pages together, with stable functions', async () => {
  const { render, tell, watches } = await setUp();
  const hook = probe(() => usePaginatedQuery(feed, { tag: 'x' }, { pageSize: 2 }));
  const page = (text: string) => `notes.feed {"page":${text},"tag":"x"}`;
  const value = (rows: string[], cursor: string | null): WatchState<PageValue<string>> => {
    return { name: 'value', value: { rows, cursor }, complete: true };
  };
  render(<hook.Probe />);
  await tell(page('{"cursor":null,"size":2}'), value(['a', 'b'], 'B'));
  expect(hook.last()).toMatchObject({ data: ['a', 'b'], hasMore: true, complete: true });
  const { loadMore } = hook.last();
  act(() => loadMore());
  await tell(page('{"cursor":null,"size":2,"until":"B"}'), value(['a', 'b'], 'B'));
  await tell(page('{"cursor":"B","size":2}'), value(['c'], null));
  expect(hook.last()).toMatchObject({ data: ['a', 'b', 'c'], hasMore: false, loading: false });
  expect(hook.last().loadMore).toBe(loadMore);
  expect(hook.seen).toHaveLength(4);
  render(null);
  expect(watches.size).toBe(0);
});

test('useInfiniteQuery renders for the rows that it shows, and lets go of the store', async () => {
  const { render, start, advance, server } = await setUp();
  for (const id of ['a', 'b', 'c']) server.put('Note', id, {});
  await start();
  const hook = probe(() => useInfiniteQuery('Note', { pageSize: 2 }));
  render(<hook.Probe />);
  server.put('Note', 'c', { n: 1 });
  server.put('User', 'u', {});
  await advance(50);
  expect(hook.seen).toHaveLength(1);
  act(() => hook.last().loadMore());
  expect(hook.last()).toMatchObject({ data: { length: 3 }, hasMore: false });
  act(() => hook.last().reset());
  expect(hook.last()).toMatchObject({ data: { length: 2 }, hasMore: true });
  const renders = hook.seen.length;
  render(null);
  server.put('Note', 'a', { n: 1 });
  await advance(50);
  expect(hook.seen).toHaveLength(renders);
});

test('useEntity writes, and never renders', async () => {
  const { render, start, engine } = await setUp();
  await start();
  const notes = probe(() => useEntity('Note'));
  render(<notes.Probe />);
  const { insert, update, remove } = notes.last();
  let id = '';
  act(() => {
    id = insert({ n: 1 });
    update(id, { n: 2 });
  });
  expect(engine.store.get('Note', id)).toEqual({ id, n: 2 });
  act(() => remove(id));
  expect(engine.store.list('Note')).toEqual([]);
  expect(notes.seen).toHaveLength(1);
});

test('[S7] a write and its equal confirmation are one render; the rest of the engine is none', async () => {
  const { render, start, advance, server, engine } = await setUp();
  server.put('Note', 'a', { n: 1 });
  await start();
  const probes = [
    probe(() => useQuery('Note')),
    probe(() => useRow('Note', 'a')),
    probe(() => useInfiniteQuery('Note', { pageSize: 9 })),
  ];
  const others = [probe(useConnection), probe(() => useQuery('User')), probe(() => useRow('Note', 'b'))];
  const queue = probe(() => useMutationQueue().pending.length);
  render([...probes, ...others, queue].map(({ Probe }, i) => <Probe key={String(i)} />));
  act(() => engine.update('Note', 'a', { n: 2 }));
  await advance(100);
  expect(engine.mutations.pending()).toEqual([]);
  expect(probes.map(({ seen }) => seen.length)).toEqual([2, 2, 2]);
  expect(others.map(({ seen }) => seen.length)).toEqual([1, 1, 1]);
  expect(queue.seen).toEqual([0, 1, 0]);
  const { state } = engine.connection;
  act(() => {
    for (const socket of server.sockets) socket.drop(1006);
  });
  await advance(5000);
  expect(others[0]!.seen.length).toBeGreaterThan(1);
  expect(engine.connection.state).not.toBe(state);
  expect(probes.map(({ seen }) => seen.length)).toEqual([2, 2, 2]);
});

test('two hooks on one store show one moment, in a transition too', async () => {
  const { render, start, engine } = await setUp();
  await start();
  const id = engine.insert('Note', { n: 0 });
  const torn: unknown[] = [];
  const Both = ({ turn: _ }: { turn: number }) => {
    const row = useRow('Note', id);
    const [first] = useQuery('Note').data ?? [];
    if (row !== first) torn.push([row, first]);
    return null;
  };
  render(<Both turn={0} />);
  for (let n = 1; n < 5; n++) {
    act(() => {
      startTransition(() => engine.update('Note', id, { n }));
      engine.update('Note', id, { n: n + 100 });
    });
    render(<Both turn={n} />);
  }
  expect(torn).toEqual([]);
});

test('on a server the hooks give what the store holds', async () => {
  const { within, start, server } = await setUp();
  server.put('Note', 'a', {});
  await start();
  const Ids = () => <p>{useQuery('Note').data?.map(({ id }) => id)}</p>;
  const More = () => <p>{useInfiniteQuery('Note', { pageSize: 1 }).data?.map(({ id }) => id)}</p>;
  const html = renderToString(
    within(
      <>
        <Ids />
        <More />
      </>,
    ),
  );
  expect(html).toBe('<p>a</p><p>a</p>');
});
