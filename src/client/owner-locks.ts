/**
 * Which pages of this origin use the stored rows of an app, and for whom: locks that the browser frees when a page
 * dies. owned-persistence.ts asks here before it opens a database that may be another owner's. [S8]
 */
export interface OwnerLocks {
  /** Runs `task` while no other page does. */
  alone<T>(task: () => Promise<T>): Promise<T>;
  /** This page is the owner's, until the returned function is called. */
  hold(owner: string): Promise<() => void>;
  isHeld(owner: string): Promise<boolean>;
}

/** Undefined where pages cannot know of each other: outside of browsers, and of secure contexts. */
export function browserLocks(appName: string): OwnerLocks | undefined {
  if (typeof window === 'undefined' || !window.isSecureContext || !('locks' in navigator)) return undefined;
  return webLocks(navigator.locks, `ternion:${appName}:store`);
}

export function webLocks(locks: Pick<LockManager, 'request' | 'query'>, name: string): OwnerLocks {
  const nameOf = (owner: string) => `${name}:${owner}`;
  return {
    alone: async (task) => await locks.request(name, task),
    hold: (owner) =>
      new Promise((resolve, reject) => {
        const whole = locks.request(nameOf(owner), { mode: 'shared' }, () => {
          return new Promise<void>((release) => resolve(release));
        });
        whole.catch(reject);
      }),
    isHeld: async (owner) => {
      const { held = [] } = await locks.query();
      return held.some((lock) => lock.name === nameOf(owner));
    },
  };
}
