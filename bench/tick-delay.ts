/**
 * Ticks beside a large document: a clock of 1 kHz on the server's thread, while a document of 5 MB is loaded and
 * joined, edited, shown by its row, folded into a snapshot, and joined again. The figures are the longest time
 * between two ticks in each part, and the most that the server's own thread computed between two (the difference
 * is the work of other processes on the machine).
 */
import { LoroDoc } from 'loro-crdt';
import { defineSchema, entity, field, policy } from 'ternion';
import { auth } from 'ternion/auth';
import { docs } from 'ternion/crdt/server';
import { defineApp } from 'ternion/server';
import { benchServer } from './bench-server.ts';
import type { Sample, Workload } from './figure.ts';
import { runLoad } from './load.ts';

const SNAPSHOT_BYTES = 5_000_000;
const EDITS = 60;
const PAUSE_MS = 50;
const PARTS = ['join', 'edit', 'join-again'];
const name = (part: string, what: string) => `docs.tick-delay.${part}.${what}`;

const Page = entity('Page', { body: field.richtext() });
const schema = defineSchema({
  entities: [Page],
  policies: [policy({ entity: 'Page', allowRead: 'true', allowUpdate: 'true' })],
});

/** The longest pauses of this thread, by the part in which they came. */
class Pauses {
  readonly sample: Sample = {};
  part: string | undefined;
  readonly #timer = setInterval(() => this.#tick(), 1);
  #lastMs = performance.now();
  #cpu = process.threadCpuUsage();

  stop(): Sample {
    clearInterval(this.#timer);
    return this.sample;
  }

  #tick(): void {
    const now = performance.now();
    const { user, system } = process.threadCpuUsage(this.#cpu);
    if (this.part) {
      this.#keep(name(this.part, 'max'), now - this.#lastMs);
      this.#keep(name(this.part, 'cpu'), (user + system) / 1000);
    }
    this.#lastMs = now;
    this.#cpu = process.threadCpuUsage();
  }

  #keep(figure: string, ms: number): void {
    this.sample[figure] = Math.max(this.sample[figure] ?? 0, ms);
  }
}

/** Text that was typed and deleted here and there, until its snapshot is as large as asked for. */
function largeDocument(): Uint8Array {
  const doc = new LoroDoc();
  const text = doc.getText('body');
  let seed = 1;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return seed % below;
  };
  for (;;) {
    for (let i = 0; i < 20_000; i++) {
      const at = random(text.length + 1);
      if (random(5) === 0)
        text.delete(Math.min(at, Math.max(0, text.length - 10)), Math.min(10, text.length));
      else
        text.insert(
          at,
          random(2 ** 30)
            .toString(36)
            .padStart(10, 'x'),
        );
      if (i % 10 === 0) doc.commit();
    }
    const snapshot = doc.export({ mode: 'snapshot' });
    if (snapshot.length >= SNAPSHOT_BYTES) return snapshot;
  }
}

function tickDelay(): Workload {
  const snapshot = largeDocument();
  const units = Object.fromEntries(
    PARTS.flatMap((part) => ['max', 'cpu'].map((what) => [name(part, what), 'ms'])),
  );
  const run = async () => {
    const plugins = [auth(), docs({ compactUpdates: EDITS / 2 })];
    const { server, close } = await benchServer(defineApp({ schema, plugins }));
    try {
      await server.host.store.write(async ({ tx }) => {
        await tx.insert('Page', { id: 'p', body: '' });
        await tx.run(
          "INSERT INTO _doc_meta (entity, id, epoch, rev, projected) VALUES ('Page', 'p', 'e', 1, 0)",
        );
        const sql = "INSERT INTO _doc_snapshots (entity, id, rev, bytes) VALUES ('Page', 'p', 1, ?)";
        await tx.run(sql, [snapshot]);
      });
      const pauses = new Pauses();
      const parts = [...PARTS];
      const next = () => {
        pauses.part = parts.shift();
      };
      await runLoad('large-doc', { url: server.url, edits: EDITS, pauseMs: PAUSE_MS }, next);
      return pauses.stop();
    } finally {
      await close();
    }
  };
  return { units, run };
}

export const tickDelayWorkloads: Record<string, () => Workload> = { 'docs.tick-delay': tickDelay };
