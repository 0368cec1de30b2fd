// @vitest-environment happy-dom
import { act, type ReactNode, StrictMode } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Fault } from '../base/fault.ts';
import { engineKit, isComplete } from '../client/testing/engine-kit.ts';
import type { AppShape } from '../schema/app-shape.ts';
import { simEnv } from '../testing/sim-env.ts';
import { createHooks } from './create-hooks.ts';
import { TernionProvider } from './provider.ts';
import { useConnection, useMutationQueue, useSession } from './use-engine-state.ts';
import { useMutation } from './use-mutation.ts';

const { useEngine, useQuery, useRow } = createHooks<AppShape>();

let root: Root;

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  root = createRoot(document.createElement('div'));
});
afterEach(() => {
  act(() => root.unmount());
  vi.unstubAllGlobals();
});

/** Mounts components under an engine; `advance` lets simulated time pass inside `act`. */
async function setUp() {
  const kit = engineKit(simEnv());
  const { clock } = kit.env;
  const render = (node: ReactNode) =>
    act(() => root.render(<TernionProvider engine={kit.engine}>{node}</TernionProvider>));
  const advance = (ms: number) => act(() => clock.advance(ms));
  const start = async () => {
    act(() => void kit.engine.start());
    await act(() => clock.until(isComplete(kit.engine)));
    await advance(50);
  };
  return { ...kit, render, advance, start };
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

describe('useQuery', () => {
  test('goes from unknown to rows, and renders again only when its own result changes', async () => {
    const { server, render, start, advance } = await setUp();
    server.put('Note', 'a', { tag: 'x' });
    const tagged = probe(() => useQuery('Note', { where: { tag: 'x' } }));
    const other = probe(() => useQuery('User'));
    render(
      <>
        <tagged.Probe />
        <other.Probe />
      </>,
    );
    expect(tagged.seen).toEqual([{ data: undefined, complete: false }]);
    await start();
    expect(tagged.last()).toEqual({ data: [{ id: 'a', tag: 'x' }], complete: true });
    const [renders, others] = [tagged.seen.length, other.seen.length];
    server.put('Note', 'b', { tag: 'y' });
    await advance(50);
    expect(tagged.seen.length).toBe(renders);
    server.put('Note', 'b', { tag: 'x' });
    await advance(50);
    expect(tagged.seen.length).toBe(renders + 1);
    expect(tagged.last().data?.map((row) => row.id)).toEqual(['a', 'b']);
    expect(other.seen.length).toBe(others);
  });

  test('follows its options, and lets go of the store when it is unmounted', async () => {
    const { server, engine, render, start, advance } = await setUp();
    server.put('Note', 'a', { n: 1 });
    server.put('Note', 'b', { n: 2 });
    await start();
    const Top = ({ limit, hook }: { limit: number; hook: (ids: unknown) => void }) => {
      hook(
        useQuery('Note', { orderBy: [{ field: 'n', direction: 'desc' }], limit }).data?.map((row) => row.id),
      );
      return null;
    };
    const hook = vi.fn();
    render(<Top limit={1} hook={hook} />);
    expect(hook).toHaveBeenLastCalledWith(['b']);
    render(<Top limit={2} hook={hook} />);
    expect(hook).toHaveBeenLastCalledWith(['b', 'a']);
    render(null);
    hook.mockClear();
    server.put('Note', 'c', { n: 3 });
    await advance(50);
    expect(engine.store.list('Note')).toHaveLength(3);
    expect(hook).not.toHaveBeenCalled();
  });

  test('works in strict mode, where effects run twice', async () => {
    const { server, render, start, advance } = await setUp();
    const notes = probe(() => useQuery('Note'));
    render(
      <StrictMode>
        <notes.Probe />
      </StrictMode>,
    );
    await start();
    server.put('Note', 'a', {});
    await advance(50);
    expect(notes.last().data).toEqual([{ id: 'a' }]);
  });
});

test('useRow renders again only for its row', async () => {
  const { server, render, start, advance } = await setUp();
  server.put('Note', 'a', { n: 1 });
  server.put('Note', 'b', { n: 1 });
  await start();
  const row = probe(() => useRow('Note', 'a'));
  render(<row.Probe />);
  server.put('Note', 'b', { n: 2 });
  await advance(50);
  expect(row.seen).toEqual([{ id: 'a', n: 1 }]);
  server.put('Note', 'a', { n: 2 });
  await advance(50);
  expect(row.seen).toHaveLength(2);
  server.write([{ entity: 'Note', row_id: 'a', kind: 'delete' }]);
  await advance(50);
  expect(row.last()).toBeUndefined();
});

test('an optimistic write is in the very next render', async () => {
  const { engine, render, start } = await setUp();
  await start();
  const notes = probe(() => useQuery('Note').data?.map((row) => row.title));
  render(<notes.Probe />);
  act(() => void engine.insert('Note', { title: 'now' }));
  expect(notes.last()).toEqual(['now']);
});

describe('useMutation', () => {
  test('tells of its progress and its errors, with stable functions', async () => {
    const { server, render, start, advance } = await setUp();
    await start();
    const fn = { name: 'notes.add' };
    const mutation = probe(() => useMutation(fn));
    render(<mutation.Probe />);
    const { mutate, mutateAsync } = mutation.last();
    server.onCall = () => ({ value: 'done' });
    let result: unknown;
    act(() => {
      mutateAsync({}).then((value) => {
        result = value;
      });
    });
    expect(mutation.last()).toMatchObject({ pending: true, error: undefined });
    await advance(50);
    expect(mutation.last()).toMatchObject({ pending: false, error: undefined });
    expect(result).toBe('done');
    server.intercept = (message, socket) => {
      if (message.t !== 'call') return false;
      socket.tell({ t: 'result', id: message.id, ok: false, error: { code: 'conflict', message: 'taken' } });
      return true;
    };
    act(() => mutate({}));
    await advance(50);
    expect(mutation.last()).toMatchObject({ pending: false, error: expect.any(Fault) });
    expect(mutation.last().error?.code).toBe('conflict');
    expect(mutation.last().mutate).toBe(mutate);
  });
});

test('useSession, useConnection and useMutationQueue follow the engine', async () => {
  const { engine, server, render, start, advance } = await setUp();
  const session = probe(useSession);
  const connection = probe(useConnection);
  const queue = probe(useMutationQueue);
  render(
    <>
      <session.Probe />
      <connection.Probe />
      <queue.Probe />
    </>,
  );
  expect([session.last(), connection.last().name]).toEqual([null, 'idle']);
  await start();
  expect([session.last()?.userId, connection.last().name]).toEqual(['ann', 'ready']);
  server.onPush = () => {
    throw new Fault('forbidden', 'no');
  };
  act(() => void engine.insert('Note', {}));
  expect(queue.last()).toMatchObject({ pending: [{ status: 'pending' }], failed: [] });
  await advance(50);
  expect(queue.last()).toMatchObject({ pending: [], failed: [{ error: { code: 'forbidden' } }] });
  act(() => queue.last().remove(queue.last().failed[0]!.id));
  expect(queue.last().failed).toEqual([]);
  expect(session.seen).toHaveLength(2);
});

test('without a provider the hooks say so', () => {
  const error = vi.spyOn(console, 'error').mockImplementation(() => {});
  const lost = probe(useEngine);
  expect(() => act(() => root.render(<lost.Probe />))).toThrow('TernionProvider');
  error.mockRestore();
});
