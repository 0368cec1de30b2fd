/** Tabs of one simulated browser: the lead, the messages between them, and pages that live and crash. */
import type { SimEnv, World } from 'ternion/testing';
import { SimProcess } from 'ternion/testing';
import type { EntityOf } from '../../src/client/app-rows.ts';
import { MemoryPersistence, type MemoryState } from '../../src/client/memory-persistence.ts';
import type { DocPersistence, Persistence } from '../../src/client/persistence.ts';
import { createWriteThroughStorage } from '../../src/client/storage.ts';
import { SyncEngine } from '../../src/client/sync-engine.ts';
import { TabConnect } from '../../src/client/tab-connect.ts';
import type { TabGroupEvents, TabMessage, Tabs } from '../../src/client/tab-group.ts';
import type { ClientTransportEvents } from '../../src/client/transport.ts';
import type { App } from '../../src/plugin/define-app.ts';

interface Member {
  readonly secret: string;
  readonly process: SimProcess;
  readonly events: TabGroupEvents;
  leading: boolean;
  /** Messages of one tab arrive in order, each some time later. */
  dueMs: number;
}

export class SimBrowser {
  readonly #env: SimEnv;
  readonly #members: Member[] = [];

  constructor(env: SimEnv) {
    this.#env = env;
  }

  tabs(process: SimProcess): Tabs {
    return { join: (secret, events) => this.#join({ secret, process, events, leading: false, dueMs: 0 }) };
  }

  /** As the browser does when a page is gone. */
  forget(process: SimProcess): void {
    for (const member of this.#members.filter((one) => one.process === process)) this.#leave(member);
  }

  #join(member: Member) {
    this.#env.clock.after(1, () => {
      if (member.process.dead || this.#members.includes(member)) return;
      this.#members.push(member);
      member.events.joined();
      this.#elect(member.secret);
    });
    return {
      send: (message: TabMessage) => this.#send(member, message),
      leave: () => this.#leave(member),
    };
  }

  #send(from: Member, message: TabMessage): void {
    if (from.process.dead || !this.#members.includes(from)) return;
    const { clock, random } = this.#env;
    from.dueMs = Math.max(from.dueMs, clock.monotonic() + random.int(20));
    const others = this.#members.filter((one) => one !== from && one.secret === from.secret);
    clock.after(from.dueMs - clock.monotonic(), () => {
      for (const member of others) if (this.#members.includes(member)) member.events.message(message);
    });
  }

  #leave(member: Member): void {
    const at = this.#members.indexOf(member);
    if (at < 0) return;
    this.#members.splice(at, 1);
    if (member.leading) this.#env.clock.after(1, () => this.#elect(member.secret));
  }

  #elect(secret: string): void {
    const group = this.#members.filter((one) => one.secret === secret);
    const [next] = group;
    if (!next || group.some((one) => one.leading)) return;
    next.leading = true;
    next.events.leading();
  }
}

export interface SimPage {
  readonly user: string;
  /** What an earlier page left. */
  readonly state?: MemoryState;
  /** Where all tabs keep their documents together; else each has its own place. */
  readonly docs?: DocPersistence;
}

export class SimTab<A extends App> {
  readonly engine: SyncEngine<A>;
  readonly process: SimProcess;
  readonly #browser: SimBrowser;
  readonly #persistence: MemoryPersistence;
  readonly #cuts = new Set<() => void>();
  user: string | null;
  online = true;
  sockets = 0;

  constructor(world: World<A>, browser: SimBrowser, page: SimPage) {
    this.user = page.user;
    this.#browser = browser;
    const process = new SimProcess(world.env);
    this.process = process;
    this.#persistence = new MemoryPersistence(page.state ? { state: page.state } : {});
    const shared = new TabConnect({
      env: process.env,
      tabs: browser.tabs(process),
      rows: () => this.engine.confirmed,
      common: 'app',
      connect: (_protocols, events) => this.#socket(world, events),
    });
    this.engine = new SyncEngine<A>(
      {
        env: process.env,
        connect: (protocols, events) => shared.connect(protocols, events),
        persistence: page.docs ? withDocs(this.#persistence, page.docs) : this.#persistence,
        storage: createWriteThroughStorage(),
        fetchSession: (token) => world.whoIs(token),
      },
      { token: page.user, schema: world.schema, optimistic: world.optimistic, reconnectDelay: 100 },
    );
  }

  drop(): void {
    for (const cut of [...this.#cuts]) cut();
  }

  /** What is left on the disk of this page. */
  crash(): MemoryState {
    const state = this.#persistence.snapshot();
    this.process.kill();
    this.drop();
    this.#browser.forget(this.process);
    return state;
  }

  get settled(): boolean {
    const { connection, mutations, store } = this.engine;
    const ready = connection.state.name === 'ready' && store.knowledge === 'complete';
    return ready && mutations.pending().length === 0;
  }

  rows(entity: EntityOf<A>): Record<string, unknown> {
    return Object.fromEntries(this.engine.store.list(entity).map((row) => [row.id, row]));
  }

  #socket(world: World<A>, events: ClientTransportEvents) {
    let open = true;
    const over = () => {
      if (open) this.sockets--;
      open = false;
    };
    this.sockets++;
    const guarded: ClientTransportEvents = {
      open: () => this.process.dead || events.open(),
      message: (data) => this.process.dead || events.message(data),
      close: (code, reason) => {
        over();
        if (!this.process.dead) events.close(code, reason);
      },
    };
    const link = this.online ? world.connect(this.user, guarded) : null;
    if (!link) {
      this.process.env.clock.after(1, () => guarded.close(1006, 'unreachable'));
      return { send: () => {}, close: over };
    }
    const cut = () => {
      this.#cuts.delete(cut);
      link.cut();
    };
    this.#cuts.add(cut);
    const close = (code: number, reason: string) => {
      over();
      link.client.close(code, reason);
    };
    return { send: (data: string | Uint8Array) => link.client.send(data), close };
  }
}

function withDocs(rows: MemoryPersistence, docs: DocPersistence): Persistence {
  return {
    load: (owner) => rows.load(owner),
    saveRows: (changes, cursor) => rows.saveRows(changes, cursor),
    saveOp: (op) => rows.saveOp(op),
    deleteOp: (id) => rows.deleteOp(id),
    loadDoc: (key) => docs.loadDoc(key),
    changeDocs: (keys, change) => docs.changeDocs(keys, change),
    close: () => rows.close(),
  };
}
