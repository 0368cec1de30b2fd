/** The sign: a text that everybody edits at once, through the docs plane. */
import { useAwareness, useDoc, useDocStatus, useTextareaRef } from 'ternion/crdt/react';
import { useRow } from 'ternion/react';
import { SIGN_ID } from '../../schema.ts';
import type { Visit } from '../visit.ts';
import { signState } from './sign-state.ts';

const MAX_CHARS = 400;

export function SignPanel({ visit }: { visit: Visit }) {
  const row = useRow('Sign', SIGN_ID);
  return (
    <section className="card" aria-labelledby="sign-title">
      <header>
        <h2 id="sign-title">The sign</h2>
        <span className="plane doc">Document</span>
      </header>
      <p className="note">Write together: texts merge letter by letter, also after hours offline.</p>
      {row ? <SignText visit={visit} /> : <p className="empty">Opening ...</p>}
    </section>
  );
}

/** The document belongs to the row, so it can be opened once the row is there. */
function SignText({ visit }: { visit: Visit }) {
  const handle = useDoc('Sign', SIGN_ID);
  const status = useDocStatus(handle);
  const bind = useTextareaRef(handle, 'text');
  const [others, show] = useAwareness(handle);
  const writers = [...others.values()].map(({ state }) => (typeof state === 'string' ? state : 'Somebody'));
  return (
    <>
      <label className="hidden" htmlFor="sign">
        Text of the sign
      </label>
      <textarea
        id="sign"
        ref={bind}
        rows={3}
        maxLength={MAX_CHARS}
        placeholder="Write something on the sign"
        onFocus={() => show(visit.name)}
        onBlur={() => show(null)}
      />
      <p className="state">
        <span role="status">{signState(status)}</span>
        {writers.length > 0 && <span className="writers">{writers.join(', ')} at the sign</span>}
      </p>
    </>
  );
}
