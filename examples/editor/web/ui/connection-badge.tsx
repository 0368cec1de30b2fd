/** Whether one is connected; when not, a clear sign of it and a way to try again at once. */
import { useConnection } from 'ternion/react';
import { useEngine } from '../hooks.ts';

export function ConnectionBadge() {
  const engine = useEngine();
  const connection = useConnection();
  const isReady = connection.name === 'ready';
  const isFirst =
    connection.name === 'idle' || (connection.name === 'connecting' && connection.attempt === 0);
  const isOver = connection.name === 'closed';
  return (
    <div className="connection" data-state={isReady ? 'ready' : isOver ? 'closed' : 'waiting'} role="status">
      <span className="dot" aria-hidden="true" />
      {isReady && 'Connected'}
      {isOver && 'Disconnected: reload the page'}
      {!isReady && !isOver && (
        <>
          {isFirst ? 'Connecting' : 'Offline, reconnecting'}
          {!isFirst && <span className="hint">What you write is kept and sent later.</span>}
        </>
      )}
      {connection.name === 'waiting' && (
        <button type="button" onClick={() => engine.nudge()}>
          Try now
        </button>
      )}
    </div>
  );
}
