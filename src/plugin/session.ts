/** What features see of a connection that has said hello: an identity that may change, and an end. */
import type { Cancel } from '../base/env.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { SessionInfo } from '../protocol/server-message.ts';

export interface Session {
  /** Unique in this process. */
  readonly id: string;
  /** The client's own id: one per page or process, chosen by it, not to be trusted. */
  readonly clientId: string;
  readonly viewer: Viewer;
  /** The identity changed in place, or its roles did. */
  onViewer(listener: () => void): Cancel;
}

/** A viewer as his client sees him. */
export function sessionInfoOf({ userId, kind, roles, name }: Viewer): SessionInfo {
  return { userId, kind, roles: [...roles], name };
}
