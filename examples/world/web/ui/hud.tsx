/** Figures about the connection and the picture, twice a second. */
import { useRef } from 'react';
import type { Visit } from '../visit.ts';
import { useSample } from './use-sample.ts';

const EVERY_MS = 500;

interface Sample {
  readonly atMs: number;
  readonly bytesIn: number;
}

export function Hud({ visit }: { visit: Visit }) {
  const before = useRef<Sample>({ atMs: performance.now(), bytesIn: 0 });
  const figures = useSample(() => {
    const { engine, plaza, stage } = visit;
    const now: Sample = { atMs: performance.now(), bytesIn: engine.stats.bytesIn };
    const seconds = Math.max(0.001, (now.atMs - before.current.atMs) / 1000);
    const bytesPerSecond = (now.bytesIn - before.current.bytesIn) / seconds;
    before.current = now;
    const guests = plaza.entities.filter(({ kind }) => kind === 'guest').length;
    return [
      ['tick', String(plaza.clock.tick)],
      ['round trip', `${Math.round(plaza.rtt)} ms`],
      ['down', `${(bytesPerSecond / 1000).toFixed(1)} kB/s`],
      ['players', `${guests} + ${plaza.entities.length - guests} bots`],
      ['frame rate', `${stage?.fps ?? 0} fps`],
      ['interpolation', `${Math.round(plaza.stats.interpolationDelayMs)} ms`],
      ['sockets', String(engine.stats.socketsOpen)],
    ] as const;
  }, EVERY_MS);
  return (
    <dl className="hud">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
