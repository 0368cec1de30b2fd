/** The page: makes the visit, then draws it. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { TernionProvider } from 'ternion/react';
import { exposeDebug } from './debug.ts';
import { Page } from './ui/page.tsx';
import { Visit } from './visit.ts';

const visit = new Visit(location.origin);
exposeDebug(visit);
void visit.start();

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <TernionProvider engine={visit.engine}>
      <Page visit={visit} />
    </TernionProvider>
  </StrictMode>,
);
