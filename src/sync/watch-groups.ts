/**
 * Who shares a run: those who watch the same function with the same arguments, and have the same identity or a
 * result that is the same for every identity. Whether it is that, only a run tells; a later run may tell
 * otherwise, when another row sends the handler another way. For QueryWatch.
 */
import { viewerKey } from '../policy/viewer.ts';
import { type Subscriber, Watch } from './watch.ts';

interface Group {
  /** For everybody who has not one of his own. */
  shared: Watch | undefined;
  /** By viewerKey. */
  readonly own: Map<string, Watch>;
}

export class WatchGroups {
  readonly #groups = new Map<string, Group>();
  #size = 0;

  /** Watches. */
  get size(): number {
    return this.#size;
  }

  /** Gives the subscriber a watch, maybe a new one, which has not run. */
  place(subscriber: Subscriber): Watch {
    const { key, session } = subscriber;
    const group = this.#groups.get(key) ?? { shared: undefined, own: new Map<string, Watch>() };
    this.#groups.set(key, group);
    const identity = viewerKey(session.viewer);
    let watch = group.own.get(identity) ?? group.shared;
    if (!watch) {
      watch = new Watch(subscriber);
      group.own.set(identity, watch);
      this.#size++;
    }
    watch.subscribers.add(subscriber);
    subscriber.watch = watch;
    return watch;
  }

  /** A run has shown whether the result is for one identity. Gives the watches that are new or not needed now. */
  told(watch: Watch, asksIdentity: boolean): { made: Set<Watch>; spare: Watch[] } {
    const group = this.#groups.get(watch.key)!;
    const identity = viewerKey(watch.viewer);
    const made = new Set<Watch>();
    const spare: Watch[] = [];
    if (asksIdentity && group.shared === watch) {
      group.shared = undefined;
      group.own.set(identity, watch);
      for (const subscriber of [...watch.subscribers]) {
        if (viewerKey(subscriber.session.viewer) === identity) continue;
        watch.subscribers.delete(subscriber);
        const other = this.place(subscriber);
        if (other.touchedAt === -1) made.add(other);
      }
      if (watch.subscribers.size === 0) spare.push(watch);
    } else if (!asksIdentity && !group.shared) {
      group.shared = watch;
      group.own.delete(identity);
      for (const other of [...group.own.values()].filter(({ touchedAt }) => touchedAt === -1)) {
        for (const subscriber of [...other.subscribers]) this.#move(subscriber, watch);
        spare.push(other);
      }
    }
    return { made, spare };
  }

  remove(watch: Watch): void {
    const group = this.#groups.get(watch.key);
    if (!group) return;
    const identity = viewerKey(watch.viewer);
    if (group.shared === watch) group.shared = undefined;
    else if (group.own.get(identity) === watch) group.own.delete(identity);
    else return;
    this.#size--;
    if (!group.shared && group.own.size === 0) this.#groups.delete(watch.key);
  }

  #move(subscriber: Subscriber, to: Watch): void {
    subscriber.watch?.subscribers.delete(subscriber);
    to.subscribers.add(subscriber);
    subscriber.watch = to;
  }
}
