/** The canvas with what lies over it: connection, figures, touch controls. */
import { useEffect, useRef, useState } from 'react';
import type { Visit } from '../visit.ts';
import { ConnectionBadge } from './connection-badge.tsx';
import { Hud } from './hud.tsx';
import { Stick } from './stick.tsx';

export function PlazaView({ visit }: { visit: Visit }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [failure, setFailure] = useState<string>();

  useEffect(() => {
    try {
      return visit.attach(canvas.current!);
    } catch {
      setFailure('This browser shows no WebGL, so the plaza stays dark. The sign and the guestbook work.');
    }
  }, [visit]);

  return (
    <section className="plaza" aria-label="The plaza">
      <canvas
        ref={canvas}
        tabIndex={0}
        role="img"
        aria-label="A plaza in 3D with a fountain, a sign and people. Walk with W A S D or the arrow keys, turn with Q and R, wave with E."
      />
      {failure && <p className="plaza-failure">{failure}</p>}
      <div className="plaza-top">
        <p className="plane-note">
          <b className="shard">Shard</b> simulated by the server 20 times a second; your steps are predicted,
          those of others interpolated.
        </p>
        <ConnectionBadge />
      </div>
      <div className="plaza-bottom">
        <Hud visit={visit} />
        <p className="keys" aria-hidden="true">
          <kbd>W</kbd>
          <kbd>A</kbd>
          <kbd>S</kbd>
          <kbd>D</kbd> walk <kbd>Q</kbd>
          <kbd>R</kbd> or drag: look
        </p>
        <div className="touch">
          <Stick visit={visit} />
          <button type="button" className="wave" onClick={() => visit.controls?.wave()}>
            Wave <kbd>E</kbd>
          </button>
        </div>
      </div>
    </section>
  );
}
