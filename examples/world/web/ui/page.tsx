/** The plaza, and beside it (below it on a phone) what is written there. */
import type { Visit } from '../visit.ts';
import { GuestbookPanel } from './guestbook-panel.tsx';
import { NameField } from './name-field.tsx';
import { PlazaView } from './plaza-view.tsx';
import { SignPanel } from './sign-panel.tsx';

export function Page({ visit }: { visit: Visit }) {
  return (
    <div className="page">
      <PlazaView visit={visit} />
      <main className="panel">
        <header className="intro">
          <h1>A plaza for everybody who is here</h1>
          <p>
            Three kinds of shared state on one WebSocket: walk in a <b className="shard">shard</b>, write on a{' '}
            <b className="doc">document</b>, leave <b className="rows">rows</b>. Open this page twice, or
            restart the server.
          </p>
          <NameField visit={visit} />
        </header>
        <SignPanel visit={visit} />
        <GuestbookPanel visit={visit} />
      </main>
    </div>
  );
}
