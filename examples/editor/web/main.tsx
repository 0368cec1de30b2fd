/** The page: starts the session, then draws it. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { TernionProvider } from 'ternion/react';
import { exposeDebug } from './debug.ts';
import { startSession } from './session.ts';
import { Page } from './ui/page.tsx';

const engine = startSession(location.origin);
exposeDebug(engine);

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <TernionProvider engine={engine}>
      <Page />
    </TernionProvider>
  </StrictMode>,
);
