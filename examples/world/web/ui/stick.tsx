/** A stick for thumbs; shown where the pointer is coarse. */
import { type PointerEvent, useRef, useState } from 'react';
import type { Visit } from '../visit.ts';

const REACH_PX = 42;

export function Stick({ visit }: { visit: Visit }) {
  const [at, setAt] = useState({ x: 0, y: 0 });
  const pointer = useRef<number | undefined>(undefined);

  const move = (x: number, y: number) => {
    setAt({ x, y });
    if (visit.controls) visit.controls.stick = { right: x / REACH_PX, forward: -y / REACH_PX };
  };
  const follow = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
    const shrink = Math.min(1, REACH_PX / Math.max(1, Math.hypot(x, y)));
    move(x * shrink, y * shrink);
  };
  const release = (event: PointerEvent<HTMLElement>) => {
    if (event.pointerId !== pointer.current) return;
    pointer.current = undefined;
    move(0, 0);
  };

  return (
    <div
      className="stick"
      aria-hidden="true"
      onPointerDown={(event) => {
        pointer.current = event.pointerId;
        event.currentTarget.setPointerCapture(event.pointerId);
        follow(event);
      }}
      onPointerMove={(event) => event.pointerId === pointer.current && follow(event)}
      onPointerUp={release}
      onPointerCancel={release}
    >
      <span style={{ transform: `translate(${at.x}px, ${at.y}px)` }} />
    </div>
  );
}
