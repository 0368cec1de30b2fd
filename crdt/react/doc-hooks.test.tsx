// @vitest-environment happy-dom
import { act, type ReactNode, StrictMode } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { SyncEngine } from '../../src/client/sync-engine.ts';
import { TernionProvider } from '../../src/react/provider.ts';
import { FakeDocServer } from '../client/testing/fake-server.ts';
import { useAwareness } from './use-awareness.ts';
import { useCollabText, useCollabTextarea } from './use-collab-text.ts';
import { useDoc, useDocStatus, useLoroDoc } from './use-doc.ts';
import { useUndo } from './use-undo.ts';

let root: Root;
let box: HTMLElement;

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  box = document.createElement('div');
  root = createRoot(box);
});
afterEach(() => {
  act(() => root.unmount());
  vi.unstubAllGlobals();
});

/** A page whose server is played by hand; the document says `hello`. */
async function setUp() {
  const server = new FakeDocServer();
  await server.disk.load('user:ann');
  server.doc.getText('body').insert(0, 'hello');
  server.doc.commit();
  const engine = server.host as unknown as SyncEngine; // of an engine, documents need only what a host has
  const render = (node: ReactNode) =>
    act(() => root.render(<TernionProvider engine={engine}>{node}</TernionProvider>));
  const advance = (ms: number) => act(() => server.env.clock.advance(ms));
  const join = async () => {
    await advance(0);
    act(() => {
      server.accept();
      server.join('snapshot');
    });
    await advance(100);
  };
  return { server, render, advance, join };
}

/** A component that records what its hook returns, render by render. */
function probe<T>(hook: () => T) {
  const seen: T[] = [];
  const Probe = () => {
    seen.push(hook());
    return null;
  };
  return { seen, Probe, last: () => seen.at(-1) as T };
}

test('each hook renders when its own result changes, and only then', async () => {
  const { server, render, advance, join } = await setUp();
  const status = probe(() => useLoroDoc('Note', 'n1'));
  const text = probe(() => useCollabText('Note', 'n1', 'body'));
  const title = probe(() => useCollabText('Note', 'n1', 'title'));
  const others = probe(() => useAwareness(useDoc('Note', 'n1')));
  const undo = probe(() => useUndo(useDoc('Note', 'n1')));
  const probes = [status, text, title, others, undo];
  const counts = () => probes.map(({ seen }) => seen.length);
  render(
    <>
      {probes.map(({ Probe }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes
        <Probe key={i} />
      ))}
    </>,
  );
  expect(status.seen[0]).toBeNull();
  await join();
  expect(status.last()).toMatchObject({ state: { name: 'live' }, editable: true, pending: false });
  expect(text.last()[0]).toBe('hello');
  expect(title.last()[0]).toBe('');

  /** How often each of them renders while `task` is done. */
  const renders = async (task: () => void) => {
    const before = counts();
    act(task);
    await advance(0);
    return counts().map((count, i) => count - before[i]!);
  };
  expect(await renders(() => server.edit(5, ' you'))).toEqual([0, 1, 0, 0, 0]);
  expect(text.last()[0]).toBe('hello you');
  const shown = { key: 3, userId: 'bob', name: 'Bob', state: '{"at":1}' };
  expect(await renders(() => server.say({ kind: 'awareness', states: [shown] }))).toEqual([0, 0, 0, 1, 0]);
  expect([...others.last()[0].values()]).toEqual([{ ...shown, state: { at: 1 } }]);
  // An own edit is pending, and can be undone.
  expect(await renders(() => void text.last()[1]('hello you!'))).toEqual([1, 1, 0, 0, 1]);
  expect(undo.last()).toMatchObject({ canUndo: true, canRedo: false });
  expect(await renders(() => void text.last()[1]('hello you!!'))).toEqual([0, 1, 0, 0, 0]);
  await advance(200);
  expect(await renders(() => server.takePushes())).toEqual([1, 0, 0, 0, 0]);
  expect(await renders(() => void undo.last().undo())).toEqual([1, 1, 0, 0, 1]);
  expect(text.last()[0]).toBe('hello you');
  expect(undo.last().canRedo).toBe(true);
});

test('useDocStatus and useUndo keep their object while nothing changes', async () => {
  const { render, join } = await setUp();
  const status = probe(() => useDocStatus(useDoc('Note', 'n1')));
  const undo = probe(() => useUndo(useDoc('Note', 'n1')));
  const page = () => (
    <>
      <status.Probe />
      <undo.Probe />
    </>
  );
  render(page());
  await join();
  const [first, steps] = [status.last(), undo.last()];
  render(page());
  expect(status.last()).toBe(first);
  expect(undo.last()).toBe(steps);
});

test('works in strict mode, where effects run twice, and lets the document go', async () => {
  const { server, render, advance, join } = await setUp();
  const text = probe(() => useCollabText('Note', 'n1', 'body'));
  render(
    <StrictMode>
      <text.Probe />
    </StrictMode>,
  );
  await join();
  expect(text.last()[0]).toBe('hello');
  expect(server.joins.length).toBe(1);
  render(null);
  await advance(5000);
  expect(server.isClosed).toBe(true);
});

test('another row is another document; a hook without one shows nothing', async () => {
  const { server, render, join } = await setUp();
  const last: (string | undefined)[] = [];
  const Body = ({ id }: { id: string }) => {
    last.push(useCollabText('Note', id, 'body')[0]);
    return null;
  };
  render(<Body id="n1" />);
  await join();
  expect(last.at(-1)).toBe('hello');
  render(<Body id="n2" />);
  expect(last.at(-1)).toBe('');
  const nothing = probe(() => ({
    undo: useUndo(null),
    status: useDocStatus(null),
    others: useAwareness(null),
  }));
  render(<nothing.Probe />);
  expect(nothing.last().undo.undo()).toBe(false);
  expect(nothing.last()).toMatchObject({ status: null, undo: { canUndo: false } });
  expect(server.heard.length).toBeGreaterThan(0);
});

test('a textarea shows the text and takes what is typed', async () => {
  const { server, render, advance, join } = await setUp();
  const Area = () => <textarea ref={useCollabTextarea('Note', 'n1', 'body')} />;
  render(<Area />);
  await join();
  const area = box.querySelector('textarea')!;
  expect([area.value, area.readOnly]).toEqual(['hello', false]);
  area.value = 'hello there';
  area.setSelectionRange(11, 11);
  act(() => void area.dispatchEvent(new Event('input')));
  await advance(100);
  server.takePushes();
  expect(server.doc.getText('body').toString()).toBe('hello there');
  act(() => server.edit(0, '> '));
  expect([area.value, area.selectionEnd]).toEqual(['> hello there', 13]);
});

test.each(['blur', 'pagehide', 'visibilitychange'])(
  '[D2] unsent edits are on the device at %s',
  async (event) => {
    const { server, render, advance, join } = await setUp();
    const text = probe(() => useCollabText('Note', 'n1', 'body'));
    render(<text.Probe />);
    await join();
    act(() => server.lose());
    await advance(200);
    const kept = () => server.disk.snapshot().docs.get('Note/n1')?.length ?? 0;
    const before = kept();
    act(() => void text.last()[1]('hello, unsent'));
    expect(kept()).toBe(before);
    if (event === 'visibilitychange') {
      document.dispatchEvent(new Event(event)); // it has become visible
      await act(() => Promise.resolve());
      expect(kept()).toBe(before);
      vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
      document.dispatchEvent(new Event(event));
    } else {
      window.dispatchEvent(new Event(event));
    }
    await act(async () => {
      for (let i = 0; i < 10; i++) await Promise.resolve(); // no timer is waited for
    });
    expect(kept()).toBeGreaterThan(before);
    vi.restoreAllMocks();
  },
);
