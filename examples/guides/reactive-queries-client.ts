/** The client and the settings of docs/guides/reactive-queries.md. */
import { createApi, type SyncEngine } from 'ternion/client';
import { createServer } from 'ternion/server';
import { type App, app } from './reactive-queries.ts';

export function show(engine: SyncEngine<App>, roomId: string, render: (text: string) => void) {
  const api = createApi<App>();
  const stop = engine.watch(api.rooms.summary, { roomId }, (state) => {
    switch (state.name) {
      case 'pending':
        return render('...');
      case 'value':
        return render(`${state.value.name} ${state.complete ? '' : '(offline)'}`);
      case 'error':
        return render(state.fault.message);
    }
  });
  return stop;
}

export const serve = () =>
  createServer(app, {
    watch: { perSession: 50, maxRows: 5000, maxMs: 200 },
  });
