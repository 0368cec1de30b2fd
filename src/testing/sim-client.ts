/** One simulated page: the real engine over a simulated link, with a disk that survives its crashes. */
import { Fault } from '../base/fault.ts';
import type { JsonObject } from '../base/json.ts';
import { MemoryPersistence, type MemoryState } from '../client/memory-persistence.ts';
import type { Optimistic } from '../client/optimistic.ts';
import { createWriteThroughStorage } from '../client/storage.ts';
import { SyncEngine } from '../client/sync-engine.ts';
import type { Connect } from '../client/transport.ts';
import type { App } from '../plugin/define-app.ts';
import type { SessionInfo } from '../protocol/server-message.ts';
import type { SimEnv } from './sim-env.ts';
import type { SimLink } from './sim-link.ts';
import { SimProcess } from './sim-process.ts';

/** What a page sees of its world. */
export interface Surroundings<A extends App> {
  readonly env: SimEnv;
  readonly schema: A['schema'];
  readonly optimistic?: Optimistic<A> | undefined;
  /** A link to the server; null while it is down. */
  connect(token: string | null, events: ConstructorParameters<typeof SimLink>[2]): SimLink | null;
  whoIs(token: string | null): Promise<SessionInfo>;
}

export class SimClient<A extends App = App> {
  #user: string | null;
  readonly #world: Surroundings<A>;
  readonly #storage = createWriteThroughStorage();
  #process: SimProcess;
  #persistence: MemoryPersistence;
  #engine: SyncEngine<A>;
  #link: SimLink | null = null;
  #online = true;
  #operationsLeft = Number.POSITIVE_INFINITY;
  #crashed: MemoryState | undefined;
  /** Links that nobody is behind any more, and of which the server does not know it yet. */
  #ghosts: SimLink[] = [];

  constructor(world: Surroundings<A>, user: string | null) {
    this.#world = world;
    this.#user = user;
    this.#process = new SimProcess(world.env);
    this.#persistence = this.#disk();
    this.#engine = this.#page();
  }

  get engine(): SyncEngine<A> {
    return this.#engine;
  }

  get user(): string | null {
    return this.#user;
  }

  /** Another user at the same page. */
  become(user: string | null): void {
    this.#user = user;
    this.#engine.setToken(user);
  }

  get crashed(): boolean {
    return this.#crashed !== undefined;
  }

  /** What is durable at this moment, also after a crash. */
  get disk(): MemoryState {
    return this.#crashed ?? this.#persistence.snapshot();
  }

  /** Rows of an entity as this page shows them, by id. */
  rows(entity: string): Record<string, JsonObject> {
    const list: readonly JsonObject[] = this.#engine.store.list(entity as never);
    return Object.fromEntries(list.map((row) => [row.id, row]));
  }

  async start(): Promise<void> {
    await this.#world.env.clock.run(this.#engine.start());
  }

  /** Cuts the connection; the engine will try again by itself. */
  drop(): void {
    this.#link?.cut();
  }

  /** Out of reach until it is back. */
  setOnline(online: boolean): void {
    this.#online = online;
    if (!online) this.drop();
  }

  /** Stops, or goes on, taking what the server sends. */
  pause(paused: boolean): void {
    this.#link?.pause(paused);
  }

  /** The page dies now, or before its `operations`-th persistence operation from now; its disk stays. */
  crash(operations = 0): void {
    if (operations > 0) {
      this.#operationsLeft = operations;
      return;
    }
    if (this.#crashed) return;
    this.#crashed = this.#persistence.snapshot();
    this.#process.kill();
    this.#link?.cut();
  }

  /** The page dies and the server is not told: its connection stays, silent, until `calm`. */
  vanish(): void {
    if (this.#crashed) return;
    this.#crashed = this.#persistence.snapshot();
    this.#process.kill();
    if (this.#link) this.#ghosts.push(this.#link);
  }

  /** A new page on what the crashed one left. */
  async reload(): Promise<void> {
    this.crash();
    this.#operationsLeft = Number.POSITIVE_INFINITY;
    this.#process = new SimProcess(this.#world.env);
    this.#persistence = this.#disk(this.#crashed);
    this.#crashed = undefined;
    this.#engine = this.#page();
    await this.start();
  }

  /** Ends all trouble of this client. */
  async calm(): Promise<void> {
    this.#operationsLeft = Number.POSITIVE_INFINITY;
    this.#online = true;
    for (const ghost of this.#ghosts.splice(0)) ghost.cut();
    if (this.#crashed) await this.reload();
    this.pause(false);
    this.#engine.nudge();
  }

  /** Connected, up to date, nothing left to send. */
  get settled(): boolean {
    const { connection, mutations, store } = this.#engine;
    return (
      connection.state.name === 'ready' && mutations.pending().length === 0 && store.knowledge === 'complete'
    );
  }

  #disk(state?: MemoryState): MemoryPersistence {
    const process = this.#process;
    return new MemoryPersistence({
      ...(state && { state }),
      before: () => {
        if (--this.#operationsLeft <= 0 && process === this.#process) this.crash();
        return process.dead ? new Promise<never>(() => {}) : undefined;
      },
    });
  }

  #page(): SyncEngine<A> {
    const { user } = this;
    const process = this.#process;
    return new SyncEngine<A>(
      {
        env: process.env,
        connect: (protocols, events) => this.#connect(process, protocols, events),
        persistence: this.#persistence,
        storage: this.#storage,
        fetchSession: async (token) => {
          if (!this.#online) throw new Fault('unavailable', 'offline');
          return this.#world.whoIs(token);
        },
      },
      {
        token: user,
        schema: this.#world.schema,
        optimistic: this.#world.optimistic,
        reconnectDelay: 100,
      },
    );
  }

  #connect(process: SimProcess, _protocols: string[], events: Parameters<Connect>[1]): ReturnType<Connect> {
    const guarded: typeof events = {
      open: () => process.dead || events.open(),
      message: (data) => process.dead || events.message(data),
      close: (code, reason) => process.dead || events.close(code, reason),
    };
    const link = this.#online ? this.#world.connect(this.user, guarded) : null;
    this.#link = link;
    if (link) return link.client;
    process.env.clock.after(1, () => events.close(1006, 'unreachable'));
    return { send: () => {}, close: () => {} };
  }
}
