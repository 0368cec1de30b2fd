/**
 * Tabs in browsers: a Web Lock is the lead (the browser frees it when a tab dies, so nobody sends heartbeats),
 * and a BroadcastChannel carries the messages. Only secure contexts have the locks.
 */
import { readTabMessage, type TabGroup, type TabGroupEvents, type Tabs } from './tab-group.ts';

/** Undefined where a tab cannot know of others; it has a socket of its own then. */
export function browserTabs(): Tabs | undefined {
  if (typeof window === 'undefined' || typeof BroadcastChannel === 'undefined') return undefined;
  if (!window.isSecureContext || !('locks' in navigator)) return undefined;
  return { join };
}

function join(secret: string, events: TabGroupEvents): TabGroup {
  const gone = new AbortController();
  let channel: BroadcastChannel | undefined;
  void hashOf(secret).then((hash) => {
    if (gone.signal.aborted) return;
    const name = `ternion:${hash}`;
    channel = new BroadcastChannel(name);
    channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      const message = readTabMessage(data);
      if (message) events.message(message);
    });
    const lead = () =>
      new Promise<void>((resolve) => {
        if (gone.signal.aborted) return resolve();
        gone.signal.addEventListener('abort', () => resolve());
        events.leading();
      });
    navigator.locks.request(name, { mode: 'exclusive', signal: gone.signal }, lead).catch(() => {});
    events.joined();
  });
  return {
    send: (message) => channel?.postMessage(message),
    leave: () => {
      gone.abort();
      channel?.close();
      channel = undefined;
    },
  };
}

async function hashOf(secret: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(secret));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
