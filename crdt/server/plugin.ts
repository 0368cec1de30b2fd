/**
 * Documents as a plugin: the `doc` channel, the tables, the gauges, and what server code may ask.
 * Lists all that the docs plane adds to a server.
 */

import type { Cancel } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import type { Json } from '../../src/base/json.ts';
import { Lane } from '../../src/base/lane.ts';
import type { PluginCall } from '../../src/functions/plugin-context.ts';
import type { Channel, ChannelHandler } from '../../src/plugin/channel.ts';
import type { Plugin, PluginInstance } from '../../src/plugin/plugin.ts';
import type { Services } from '../../src/plugin/services.ts';
import type { Schema } from '../../src/schema/define-schema.ts';
import type { Commit } from '../../src/store/change-log.ts';
import { DOC_CHANNEL, type DocRef, parseDocRef } from '../core/doc-ref.ts';
import { Rights } from './access.ts';
import { Canary } from './canary.ts';
import { Cleaner } from './cleaner.ts';
import { type Arrival, DEVICES_TABLE, Devices } from './devices.ts';
import { DocEditor } from './doc-editor.ts';
import { DOC_TABLES } from './doc-tables.ts';
import { HistoryDesk } from './history-desk.ts';
import { HISTORY_TABLES, HistoryLog } from './history-log.ts';
import { DocHub } from './hub.ts';
import { InlineHost } from './inline-host.ts';
import { Materialiser } from './materialiser.ts';
import { DEFAULT_DOCS, type DocsOptions } from './options.ts';
import { QUARANTINE_TABLE, Quarantine } from './quarantine.ts';
import { QuarantineDesk } from './quarantine-desk.ts';
import { DocReader } from './reader.ts';
import type { Guards } from './repair.ts';
import { ServerDocs } from './server-docs.ts';
import { Suspects } from './suspects.ts';
import { TRIMS_TABLE, Trimmer } from './trimmer.ts';
import { UpdateLog } from './update-log.ts';
import { warmUp } from './warm-up.ts';
import { WorkerHost } from './worker-host.ts';

/** What `docs()` makes: for `plugins` of an app. */
export interface DocsPlugin extends Plugin {
  readonly name: 'docs';
  create(services: Services): DocsInstance;
}

/** Documents for an app: `plugins: [docs()]`. Fields such as `field.richtext()` need it. */
export function docs(options: Partial<DocsOptions> = {}): DocsPlugin {
  return {
    name: 'docs',
    create: (services) => new DocsInstance(services, { ...DEFAULT_DOCS, ...options }),
  };
}

/** Documents whose columns lag are brought up to date at start this many at a time. */
const REPAIR_BATCH = 100;

/** The documents of one server. */
export class DocsInstance implements PluginInstance {
  readonly tables = [...DOC_TABLES, ...HISTORY_TABLES, QUARANTINE_TABLE, DEVICES_TABLE, TRIMS_TABLE];
  readonly channels = {
    [DOC_CHANNEL]: (channel: Channel, params: Json) => this.#openChannel(channel, params),
  };
  readonly context = { docs: (call: PluginCall) => this.#serverDocs(call) };
  readonly gauges = [
    { name: 'ternion_docs_open', help: 'documents loaded', read: () => this.#hub.size },
    {
      name: 'ternion_docs_readers',
      help: 'channels on documents',
      read: () => this.#sum((e) => e.followers),
    },
    {
      name: 'ternion_docs_undurable_bytes',
      help: 'bytes of updates received and not yet committed',
      read: () => this.#sum((e) => e.undurableBytes),
    },
    {
      name: 'ternion_docs_failing',
      help: 'documents whose writes do not get through',
      read: () => this.#sum((e) => (e.failing ? 1 : 0)),
    },
    {
      name: 'ternion_docs_traps',
      help: "traps on the server's own thread since the start",
      read: () => this.#guards.suspects.mainTraps,
    },
    {
      name: 'ternion_docs_trial_traps',
      help: 'trials of updates that trapped since the start',
      read: () => this.#guards.canary.traps,
    },
    {
      name: 'ternion_docs_suspects',
      help: 'identities whose updates are tried first',
      read: () => this.#guards.suspects.size,
    },
    {
      name: 'ternion_docs_quarantined',
      help: 'entries put into the quarantine since the start',
      read: () => this.#guards.cleaner.quarantined,
    },
  ];
  readonly #services: Services;
  readonly #options: DocsOptions;
  readonly #log: UpdateLog;
  readonly #materialiser: Materialiser;
  readonly #keeper: Materialiser;
  readonly #guards: Guards;
  readonly #hub: DocHub;
  readonly #editor: DocEditor;
  readonly #history: HistoryLog;
  readonly #devices: Devices;
  readonly #trimmer: Trimmer;
  readonly #quarantine: QuarantineDesk;
  /** Entities whose rows decide about documents of others. */
  readonly #deciding: ReadonlySet<string>;
  #offCommit: Cancel | undefined;
  #closing = false;

  constructor(services: Services, options: DocsOptions) {
    const { env, store, schema, access } = services;
    this.#services = services;
    this.#options = options;
    this.#log = new UpdateLog(env, store, options);
    const host = () => (options.materialiser === 'worker' ? new WorkerHost(env, options) : new InlineHost());
    this.#materialiser = new Materialiser(host(), options);
    this.#keeper = new Materialiser(host(), options); // what it is asked for must not wait for a snapshot
    const canary = new Canary(this.#materialiser);
    const suspects = new Suspects(env.clock, options);
    const quarantine = new Quarantine(store, options);
    const log = this.#log;
    const cleaner = new Cleaner(env, { store, log, canary, suspects, quarantine });
    this.#guards = { canary, suspects, cleaner };
    this.#history = new HistoryLog(options);
    const edits = { log, history: this.#history, now: () => store.now() };
    const shared = { ...edits, materialiser: this.#materialiser, keeper: this.#keeper };
    const unloaded = (ref: DocRef) => this.#trimmer.unloaded(ref);
    this.#hub = new DocHub(env, { schema, ...shared, guards: this.#guards, unloaded }, options);
    this.#devices = new Devices(store, options);
    const alone: DocHub['alone'] = (ref, work) => this.#hub.alone(ref, work);
    this.#trimmer = new Trimmer(env, { ...shared, store, devices: this.#devices, alone }, options);
    this.#editor = new DocEditor(env, { ...edits, hub: this.#hub }, options);
    this.#quarantine = new QuarantineDesk({ quarantine, canary, hub: this.#hub });
    const documents = schema.entities.filter(({ documentFields }) => documentFields.length > 0);
    const dependencies = documents.flatMap(({ name }) =>
      (['read', 'update'] as const).flatMap((action) => access.dependencies(action, name)),
    );
    this.#deciding = new Set(dependencies.map(({ entity }) => entity));
  }

  /** For tests, gauges and the studio. */
  get hub(): DocHub {
    return this.#hub;
  }

  /** What was taken out of documents because it was harmful. */
  get quarantine(): QuarantineDesk {
    return this.#quarantine;
  }

  async start(): Promise<void> {
    const { schema, store } = this.#services;
    const names = schema.entities
      .filter((entity) => entity.documentFields.length > 0)
      .map(({ name }) => name);
    await this.#log.open();
    if (names.length > 0) this.#warmUp();
    this.#offCommit = store.onCommit((commits) => {
      this.#hub.committed(commits);
      this.#recheck(commits);
    });
    const orphans = await this.#log.orphans(names);
    if (orphans.length > 0) this.#hub.remove(orphans);
    void this.#log.sweep();
    // In the background: a store that cannot write must not keep a server from starting. [L8]
    Promise.all(names.map((name) => this.#repair(name))).catch((error) =>
      this.#services.env.log.error('docs.repair_failed', { error: String(error) }),
    );
  }

  /** All received updates are committed and projected when this resolves, unless the store keeps failing. [N2] */
  async drain(): Promise<void> {
    const { clock, log } = this.#services.env;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(this.#options.drainMs, () => {
        log.error('docs.drain_incomplete', { undurableBytes: this.#sum((entry) => entry.undurableBytes) });
        resolve();
      });
      void this.#hub.settle().then(() => {
        cancel();
        resolve();
      });
    });
  }

  async close(): Promise<void> {
    this.#offCommit?.();
    this.#closing = true;
    this.#trimmer.close();
    this.#hub.close();
    this.#editor.close();
    await Promise.all([this.#materialiser.close(), this.#keeper.close()]);
  }

  /**
   * Resolves when the row shows revision `rev` of its document, or a later one. The row's own `docRev` says which
   * it shows. Throws `timeout`, `overloaded` when too many wait for one document, and what loading it throws. [D11]
   */
  async waitForProjection(ref: DocRef, rev: number, { timeoutMs = 10_000 } = {}): Promise<void> {
    const { doc, release } = await this.#hub.acquire(ref);
    try {
      await doc.entry.projected(rev, timeoutMs);
    } finally {
      release();
    }
  }

  /** What takes long the first time is done before anybody waits for a tick. */
  #warmUp(): void {
    this.#materialiser.start();
    warmUp();
  }

  /** Columns that a crash left behind their documents. [D1] */
  async #repair(entity: string): Promise<void> {
    for (;;) {
      const refs = await this.#log.unprojected(entity, REPAIR_BATCH);
      const done = await Promise.all(refs.map((ref) => this.#repairOne(ref)));
      if (refs.length < REPAIR_BATCH || done.includes(false)) return;
    }
  }

  async #repairOne(ref: DocRef): Promise<boolean> {
    try {
      const { doc, release } = await this.#hub.acquire(ref);
      await doc.entry.settle();
      release();
      return true;
    } catch (error) {
      this.#services.env.log.error('docs.repair_failed', { ...ref, error: String(error) });
      return false;
    }
  }

  /** Documents whose rights other rows decide are asked about again when those change. [P4] */
  #recheck(commits: readonly Commit[]): void {
    const { access } = this.#services;
    const turns = commits
      .flatMap(({ changes }) => changes)
      .filter(({ entity }) => this.#deciding.has(entity));
    if (turns.length === 0) return;
    for (const entry of this.#hub.entries) {
      const place = { entity: entry.ref.entity, data: entry.row };
      if (turns.some((turn) => access.turns(turn.entity, turn, place))) entry.rightsChanged();
    }
  }

  #serverDocs(call: PluginCall): ServerDocs<Schema> {
    const { store } = this.#services;
    const deps = { store, editor: this.#editor, history: this.#history, lane: new Lane() };
    return new ServerDocs(call, deps);
  }

  async #openChannel(channel: Channel, params: Json): Promise<ChannelHandler> {
    const { env, access, schema, store } = this.#services;
    const ref = parseDocRef(params);
    const { doc, release } = await this.#hub.acquire(ref);
    const { entry, leases, board } = doc;
    const rights = new Rights({
      access,
      store,
      entity: ref.entity,
      viewer: () => channel.session.viewer,
      row: () => entry.row,
    });
    try {
      if (rights.needRows) await rights.learn();
      if (!rights.permission) throw new Fault('not_found', `no ${ref.entity} ${ref.id}`);
    } catch (error) {
      release();
      throw error;
    }
    if (entry.followers >= this.#options.maxReaders) {
      release();
      throw new Fault('overloaded', 'too many readers of this document');
    }
    const epoch = `${store.epoch}.${entry.epoch}`;
    const entity = schema.entity(ref.entity);
    const [history, materialiser] = [this.#history, this.#materialiser];
    const asked = { ref, entity, entry, leases, store, history, materialiser };
    const desk = new HistoryDesk(env, asked, this.#options);
    const guards = this.#guards;
    const known = {
      arrived: (arrival: Arrival) => this.#note(() => this.#devices.arrived(ref, arrival)),
      left: (peer: bigint) => this.#note(() => this.#devices.left(ref, peer)),
    };
    const deps = { channel, rights, entry, leases, board, desk, guards, epoch, ...known, release };
    return new DocReader(env, deps, this.#options);
  }

  /** What is lost of it costs a device that it has to start over, once. */
  #note(write: () => Promise<void>): void {
    if (this.#options.trimHistoryMs === 0 || this.#closing) return;
    write().catch((error) => this.#services.env.log.error('docs.device_failed', { error: String(error) }));
  }

  #sum(of: (entry: DocHub['entries'][number]) => number): number {
    return this.#hub.entries.reduce((sum, entry) => sum + of(entry), 0);
  }
}
