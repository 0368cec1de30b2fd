// @vitest-environment happy-dom
import { act } from 'react';
import { hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { expect, test, vi } from 'vitest';
import { fingerprint } from '../client/last-session.ts';
import { engineKit, isComplete } from '../client/testing/engine-kit.ts';
import { user } from '../client/testing/fake-server.ts';
import type { AppShape } from '../schema/app-shape.ts';
import { simEnv } from '../testing/sim-env.ts';
import { createHooks } from './create-hooks.ts';
import { TernionProvider } from './provider.ts';

const { useQuery } = createHooks<AppShape>();

function Ids() {
  const { data, complete } = useQuery('Note');
  return <p>{`${data?.map(({ id }) => id).join(' ')} ${complete}`}</p>;
}

test('a page with hydrated rows is taken over as it was rendered, and goes on from there', async () => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  const data = {
    session: user('ann'),
    token: fingerprint('ann'),
    cursor: { epoch: 'e1', seq: 1 },
    whole: true,
    rows: [{ entity: 'Note', id: 'a', data: { id: 'a' } }],
  };
  const make = () => {
    const kit = engineKit(simEnv());
    kit.server.put('Note', 'a', {});
    kit.server.put('Note', 'b', {});
    kit.engine.hydrate(data);
    const page = (
      <TernionProvider engine={kit.engine}>
        <Ids />
      </TernionProvider>
    );
    return { ...kit, page };
  };
  const container = document.createElement('div');
  container.innerHTML = renderToString(make().page);
  expect(container.textContent).toBe('a false');
  const { engine, env, page } = make();
  const onRecoverableError = vi.fn();
  const root = await act(async () => hydrateRoot(container, page, { onRecoverableError }));
  expect(onRecoverableError).not.toHaveBeenCalled();
  act(() => void engine.start());
  await act(() => env.clock.until(isComplete(engine)));
  expect(container.textContent).toBe('a b true');
  act(() => root.unmount());
  vi.unstubAllGlobals();
});
