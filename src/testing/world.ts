/**
 * A whole system in one process and one thread: a server with real SQLite, clients with the real engine,
 * simulated links, and a clock that only moves when told to. A run is a function of its seed.
 * The server may be killed between any two SQL statements, a client between any two persistence operations.
 */

import { Fault } from '../base/fault.ts';
import { newId } from '../base/id.ts';
import type { JsonObject } from '../base/json.ts';
import type { Optimistic } from '../client/optimistic.ts';
import { type App, defineApp } from '../plugin/define-app.ts';
import { sessionInfoOf } from '../plugin/session.ts';
import { Host, type HostOptions } from '../server/host.ts';
import type { Drivers } from '../store/store.ts';
import { LinkLane, type LinkQuality } from './link-lane.ts';
import { simAuth, simViewer } from './sim-auth.ts';
import { SimClient, type Surroundings } from './sim-client.ts';
import { type SimEnv, simEnv } from './sim-env.ts';
import { SimLink } from './sim-link.ts';
import { SimProcess } from './sim-process.ts';
import { TempDatabase } from './temp-database.ts';

export interface WorldOptions<A extends App> {
  /** Called for each life of the server: plugins have state. */
  app: () => A;
  /** Of every client. */
  optimistic?: Optimistic<A>;
  seed?: number;
  host?: HostOptions;
  /** One way, milliseconds. */
  latencyMs?: number;
  /** Each message takes up to so much longer, so that connections overtake each other. */
  jitterMs?: number;
  /** What every link is like, instead of the two above: bandwidth and lost packets too. */
  link?: LinkQuality;
}

type Server = { name: 'up'; host: Host; process: SimProcess; drivers: Drivers } | { name: 'down' };

export class World<A extends App = App> implements Surroundings<A> {
  readonly env: SimEnv;
  readonly seed: number;
  readonly #options: WorldOptions<A>;
  readonly #database = new TempDatabase();
  readonly #clients: SimClient<A>[] = [];
  readonly #links = new Set<SimLink>();
  readonly #schema: A['schema'];
  #server: Server = { name: 'down' };

  private constructor(options: WorldOptions<A>) {
    this.#options = options;
    this.seed = options.seed ?? 1;
    this.env = simEnv(this.seed);
    this.#schema = options.app().schema;
  }

  static async create<A extends App>(options: WorldOptions<A>): Promise<World<A>> {
    const world = new World(options);
    await world.start();
    return world;
  }

  get clients(): readonly SimClient<A>[] {
    return this.#clients;
  }

  get up(): boolean {
    return this.#server.name === 'up' && !this.#server.process.dead;
  }

  get schema(): A['schema'] {
    return this.#schema;
  }

  get optimistic(): Optimistic<A> | undefined {
    return this.#options.optimistic;
  }

  /** Throws while the server is down. */
  get host(): Host {
    if (this.#server.name === 'down') throw new Error('the server is down');
    return this.#server.host;
  }

  /** A client of `user` (null: nobody in particular), started. */
  async client(user: string | null): Promise<SimClient<A>> {
    const client = new SimClient<A>(this, user);
    this.#clients.push(client);
    await client.start();
    return client;
  }

  /** Brings the server up on the files that the last one left. */
  async start(): Promise<void> {
    const process = new SimProcess(this.env);
    const drivers = this.#database.open();
    const mortal = { writer: process.writer(drivers.writer), reader: process.driver(drivers.reader) };
    const app = this.#options.app();
    const withAuth = defineApp({ ...app, plugins: [simAuth, ...app.plugins] });
    const host = new Host(withAuth, process.env, { drivers: mortal, options: this.#options.host ?? {} });
    this.#server = { name: 'up', host, process, drivers };
    process.onDeath(() => this.#died(drivers));
    await this.env.clock.run(host.start());
  }

  /** As `kill -9`, now. */
  kill(): void {
    if (this.#server.name === 'up') this.#server.process.kill();
  }

  /** As `kill -9`, before the server's `count`-th SQL statement from now. */
  killAtStatement(count: number): void {
    if (this.#server.name === 'up') this.#server.process.killAtStatement(count);
  }

  /** While the disk is full the server's writes fail; a server that is started anew finds room again. [L8] */
  setDiskFull(full: boolean): void {
    if (this.#server.name === 'up') this.#server.process.diskFull = full;
  }

  /** A link from a client; null while the server is down. */
  connect(token: string | null, events: ConstructorParameters<typeof SimLink>[2]): SimLink | null {
    if (this.#server.name === 'down') return null;
    const link = new SimLink(this.env.clock, this.#delay(), events);
    this.#links.add(link);
    try {
      this.#server.host.accept(link.server, token);
    } catch {
      link.cut(); // it is still starting
    }
    link.opened();
    return link;
  }

  /** What `GET /api/auth/me` answers. */
  async whoIs(token: string | null) {
    if (!this.up) throw new Fault('unavailable', 'the server is down');
    return sessionInfoOf(simViewer(token));
  }

  /** Ends all trouble: the server is up, every reader reads, every client is online and has nothing to send. */
  async settle(limitMs = 120_000): Promise<void> {
    this.killAtStatement(Number.POSITIVE_INFINITY);
    this.setDiskFull(false);
    if (!this.up) await this.start();
    for (const client of this.#clients) await client.calm();
    await this.env.clock.until(() => this.#clients.every((client) => client.settled), limitMs);
    await this.env.clock.advance(2000); // projections and linger of the planes
  }

  /** The naive oracle: the rows of an entity that a user may read, by id, straight from SQL. */
  async visibleTo(user: string | null, entity: string): Promise<Record<string, JsonObject>> {
    const viewer = simViewer(user);
    const { access, store } = this.host;
    const visible = await this.env.clock.run(
      store.read(async (snapshot) => {
        const rows = await snapshot.select({ entity });
        const questions = rows.map((data) => ({ action: 'read', entity, viewer, data }) as const);
        const allowed = await Promise.all(questions.map((question) => access.decide(question, snapshot)));
        return rows.filter((_, i) => allowed[i]);
      }),
    );
    return Object.fromEntries(visible.map((row) => [row.id, row]));
  }

  newId(): string {
    return newId(this.env);
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.crash();
    if (this.#server.name === 'up') this.kill();
    this.#database.remove();
  }

  #delay(): ConstructorParameters<typeof SimLink>[1] {
    const { latencyMs = 10, jitterMs, link } = this.#options;
    if (link) return { up: new LinkLane(this.env, link), down: new LinkLane(this.env, link) };
    return jitterMs ? () => latencyMs + this.env.random.int(jitterMs + 1) : latencyMs;
  }

  #died(drivers: Drivers): void {
    this.#server = { name: 'down' };
    for (const link of this.#links) link.cut();
    this.#links.clear();
    // An open transaction is rolled back, as by the next one who opens the files.
    void drivers.reader.close();
    void drivers.writer.close();
  }
}
