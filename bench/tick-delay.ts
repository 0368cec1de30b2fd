/**
 * Ticks beside a large document: a clock of 1 kHz on the server's thread while a second process, part by part,
 * joins a document of 5 MB that is not loaded, edits it (which its row shows, and which is folded into a snapshot),
 * pushes a text of 1 MB and 20,000 small edits at once, joins again, and lets it be unloaded; and while a mutation
 * edits a document that is as large as mutations may edit. `none` is the same clock without documents: what the
 * machine itself does.
 */
import { defineSchema, entity, field, policy, v } from 'ternion';
import { auth } from 'ternion/auth';
import { docs } from 'ternion/crdt/server';
import { defineApp, functions } from 'ternion/server';
import { benchServer } from './bench-server.ts';
import type { Workload } from './figure.ts';
import { largeDocument } from './large-document.ts';
import { runLoad } from './load.ts';
import { type Lateness, TickClock } from './tick-clock.ts';

const SNAPSHOT_BYTES = 5_000_000;
/** As the server stores what is large. */
const PART_BYTES = 128 << 10;
const EDITED_BYTES = 230_000;
const EDITS = 60;
const PAUSE_MS = 50;
const LINGER_MS = 500;
const PARTS = ['join', 'edit', 'paste', 'burst', 'join-again', 'unload', 'mutation'];
const FIGURES = ['p99', 'max', 'cpu'] as const;
const name = (part: string, figure: keyof Lateness) => `docs.tick-delay.${part}${part && '.'}${figure}`;

// Rows are there for those who query them: a text of megabytes is no row to keep on every page.
const Page = entity('Page', { body: field.richtext() }, { sync: 'query' });
const schema = defineSchema({
  entities: [Page],
  policies: [policy({ entity: 'Page', allowRead: 'true', allowUpdate: 'true' })],
});
const { mutation } = functions(schema);
const edit = mutation({
  args: { id: v.id('Page') },
  auth: 'guest',
  handler: (ctx, { id }) => ctx.docs.edit('Page', id, (doc) => doc.getText('body').insert(0, 'typed')),
});

function tickDelay(): Workload {
  const pages = { p: largeDocument(SNAPSHOT_BYTES), q: largeDocument(EDITED_BYTES) };
  const groups = { '': PARTS, none: ['none'] };
  const shown = [...Object.keys(groups), ...PARTS];
  const units = Object.fromEntries(
    shown.flatMap((part) => FIGURES.map((figure) => [name(part, figure), 'ms'])),
  );
  let histogram = '';
  const run = async () => {
    const plugins = [auth(), docs({ compactUpdates: EDITS / 2, lingerMs: LINGER_MS })];
    const app = defineApp({ schema, functions: { pages: { edit } }, plugins });
    const { server, close } = await benchServer(app);
    const clock = new TickClock();
    try {
      await server.host.store.write(async ({ tx }) => {
        for (const [id, snapshot] of Object.entries(pages)) {
          await tx.insert('Page', { id, body: '' });
          await tx.run(`INSERT INTO _doc_meta (entity, id, epoch, rev) VALUES ('Page', ?, 'e', 1)`, [id]);
          const sql = `INSERT INTO _doc_snapshots (entity, id, rev, bytes, blob) VALUES ('Page', ?, 1, x'', 'b')`;
          await tx.run(sql, [id]);
          for (let n = 0; n * PART_BYTES < snapshot.length; n++) {
            const part = snapshot.subarray(n * PART_BYTES, (n + 1) * PART_BYTES);
            await tx.run(
              `INSERT INTO _doc_parts (entity, id, blob, n, bytes) VALUES ('Page', ?, 'b', ?, ?)`,
              [id, n, part],
            );
          }
        }
      });
      const options = { url: server.url, edits: EDITS, pauseMs: PAUSE_MS, lingerMs: LINGER_MS };
      await runLoad('large-doc', options, (part) => clock.begin(String(part)));
      clock.begin(undefined);
      histogram = clock.histogram();
      return Object.fromEntries(
        shown.flatMap((part) => {
          const lateness = clock.of(part in groups ? groups[part as keyof typeof groups] : [part]);
          return FIGURES.map((figure) => [name(part, figure), lateness[figure]]);
        }),
      );
    } finally {
      clock.stop();
      await close();
    }
  };
  return { units, run, notes: () => `\n${histogram}\n(of the last run)` };
}

export const tickDelayWorkloads: Record<string, () => Workload> = { 'docs.tick-delay': tickDelay };
