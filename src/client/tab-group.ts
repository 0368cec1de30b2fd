/**
 * What tabs of one origin need of each other: an election and a way to talk. Implementations: browser-tabs.ts
 * (Web Locks and BroadcastChannel), and a simulated one in tests. Used by tab-connect.ts.
 */

/** Of an id from base/id.ts, and some. */
const MAX_LINK_CHARS = 64;

/** `link` names one dial of one follower; '' where there is none. Each hears all but its own messages. */
export type TabMessage =
  /** The leader is new: dial (again). */
  | { readonly kind: 'leading' }
  /** Follower to leader: connect me. */
  | { readonly kind: 'dial'; readonly link: string }
  /** Leader to follower: connected. */
  | { readonly kind: 'open'; readonly link: string }
  | { readonly kind: 'up' | 'down'; readonly link: string; readonly data: string | Uint8Array }
  /** Either of them: over. */
  | { readonly kind: 'hangup'; readonly link: string };

/** Other code of this origin may use the channel too: what is none of these is dropped. */
export function readTabMessage(value: unknown): TabMessage | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return undefined;
  const { kind } = value;
  if (kind === 'leading') return { kind };
  if (!('link' in value) || typeof value.link !== 'string' || value.link.length > MAX_LINK_CHARS)
    return undefined;
  const { link } = value;
  if (kind === 'dial' || kind === 'open' || kind === 'hangup') return { kind, link };
  if ((kind !== 'up' && kind !== 'down') || !('data' in value)) return undefined;
  const { data } = value;
  return typeof data === 'string' || data instanceof Uint8Array ? { kind, link, data } : undefined;
}

export interface TabGroup {
  send(message: TabMessage): void;
  /** Gives up the lead, or the wait for it. */
  leave(): void;
}

export interface TabGroupEvents {
  /** From now on messages are sent and heard. Not called within `join`. */
  joined(): void;
  /** This tab leads now, until it leaves or dies. At most one tab of a group leads. */
  leading(): void;
  message(message: TabMessage): void;
}

export interface Tabs {
  /** Tabs that name the same secret meet; the secret itself never leaves this tab. [S8] */
  join(secret: string, events: TabGroupEvents): TabGroup;
}
