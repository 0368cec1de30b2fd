/** `<TernionProvider engine={engine}>`: where the hooks below it find their engine. The app starts and closes it. */
import { createContext, createElement, type ReactNode, useContext } from 'react';
import type { SyncEngine } from '../client/sync-engine.ts';
import type { Watcher } from '../client/watch-state.ts';
import type { AppShape } from '../schema/app-shape.ts';
import type { RegisteredApp } from './register.ts';

const EngineContext = createContext<SyncEngine<AppShape> | null>(null);

export interface TernionProviderProps<App extends AppShape> {
  readonly engine: SyncEngine<App>;
  readonly children?: ReactNode;
}

export function TernionProvider<App extends AppShape>({
  engine,
  children,
}: TernionProviderProps<App>): ReactNode {
  // Types of an app only narrow those of AppShape; at run time all engines are alike.
  return createElement(
    EngineContext.Provider,
    { value: engine as unknown as SyncEngine<AppShape> },
    children,
  );
}

export function useEngine(): SyncEngine<RegisteredApp> {
  const engine = useContext(EngineContext);
  if (!engine) throw new Error('there is no <TernionProvider> above this component');
  return engine as unknown as SyncEngine<RegisteredApp>;
}

/** The engine, as the one who watches query functions. */
export function useWatcher(): Watcher {
  return useEngine();
}
