/** The Env of a browser page, and what else it takes from one. Node 24 has all of it but localStorage and `online`. */
import type { Cancel, Env, Log, LogFields } from '../base/env.ts';
import { createWriteThroughStorage, type KeyValueStorage } from './storage.ts';

export function browserEnv(log: Log = consoleLog()): Env {
  return {
    clock: {
      now: () => Date.now(),
      monotonic: () => performance.now(),
      after: (delayMs, task) => {
        const timer = setTimeout(task, delayMs);
        return () => clearTimeout(timer);
      },
      soon: (task) => {
        setTimeout(task, 0);
      },
    },
    random: {
      next: () => Math.random(),
      fill: (bytes) => crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>),
    },
    log,
  };
}

/** Warnings and errors, where a developer looks for them. */
function consoleLog(): Log {
  const print = (level: 'warn' | 'error') => (event: string, fields?: LogFields) => {
    // biome-ignore lint/suspicious/noConsole: the log sink of browsers
    console[level](`ternion ${event}`, fields ?? '');
  };
  const nothing = () => {};
  return { debug: nothing, info: nothing, warn: print('warn'), error: print('error') };
}

/** localStorage where it exists and is allowed, else memory. */
export function defaultStorage(): KeyValueStorage {
  try {
    const storage = typeof window === 'undefined' ? undefined : window.localStorage;
    return storage ?? createWriteThroughStorage();
  } catch {
    return createWriteThroughStorage(); // sandboxed frames throw on the mere access
  }
}

export function hasIndexedDb(): boolean {
  return typeof indexedDB !== 'undefined';
}

/** Calls `listener` when the system says that the network is back. */
export function onNetworkOnline(listener: () => void): Cancel {
  if (typeof window === 'undefined') return () => {};
  window.addEventListener('online', listener);
  return () => window.removeEventListener('online', listener);
}

/** Calls `listener` when the page may go away: it lost the focus, is hidden, or is left. */
export function onPageHidden(listener: () => void): Cancel {
  if (typeof window === 'undefined') return () => {};
  const hidden = () => {
    if (document.visibilityState === 'hidden') listener();
  };
  window.addEventListener('blur', listener);
  window.addEventListener('pagehide', listener);
  document.addEventListener('visibilitychange', hidden);
  return () => {
    window.removeEventListener('blur', listener);
    window.removeEventListener('pagehide', listener);
    document.removeEventListener('visibilitychange', hidden);
  };
}

/** Aborts a request that takes longer. */
export function timeoutSignal(timeoutMs: number): AbortSignal {
  return AbortSignal.timeout(timeoutMs);
}
