/**
 * For tests: hostile pages and honest ones on the same documents. The hostile ones push changed updates with a right
 * checksum, under their own peer ids; the honest ones type words, and start over as a page does when their document
 * breaks or begins a new epoch. Runs on a simulated clock and on a real one. [D3]
 */
import { CODES } from '../../../src/base/codes.ts';
import type { Env } from '../../../src/base/env.ts';
import { type Fault, toFault } from '../../../src/base/fault.ts';
import type { SimRandom } from '../../../src/testing/sim-random.ts';
import type { DocsInstance } from '../plugin.ts';
import { forged } from './forged.ts';
import { Hand } from './hand.ts';
import type { PagesLoro } from './pages-loro.ts';

export interface Ground {
  readonly env: Env;
  readonly random: SimRandom;
  readonly instance: DocsInstance;
  readonly pages: PagesLoro;
  /** Lets the server work. */
  readonly wait: (ms: number) => Promise<void>;
}

export interface SiegePlan {
  readonly documents: readonly string[];
  readonly attackers: readonly string[];
  readonly mutations: number;
  /** Told after each `PROGRESS` of them. */
  readonly progress?: (pushed: number) => void;
}

/** How often each answer was given to a hostile push: `acked`, `refused <code>`, `closed <code>`, `silent`. */
export type Toll = Record<string, number>;

const PROGRESS = 500;
const PUSHES_PER_PAGE = 8;
const PATIENCE_MS = 30_000;
/** A page on which a document breaks does not load it again at once. */
const RESTART_MS = 400;

/** A page that is not the test's own process: what breaks it must not be thrown into the server. */
class Page extends Hand {
  readonly #pages: PagesLoro;
  broken: unknown;

  constructor(user: string, pages: PagesLoro) {
    super(user, new pages.loro.LoroDoc());
    this.#pages = pages;
  }

  /** Does it, or breaks. */
  attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (typeof error !== 'string') this.#pages.trapped();
      this.broken ??= error;
      return undefined;
    }
  }

  override learn(bytes: Uint8Array): void {
    this.attempt(() => super.learn(bytes));
  }

  get joined(): boolean {
    return this.all('joined').length > 0;
  }
}

async function opened(ground: Ground, id: string, user: string): Promise<Page | Fault> {
  const page = new Page(user, ground.pages);
  const opening = ground.instance.channels.doc(page, { entity: 'Note', id });
  const failed = await settledBy(
    ground,
    opening.then((handler) => {
      page.handler = handler;
    }),
  );
  return failed ?? page;
}

async function settledBy(ground: Ground, task: Promise<unknown>): Promise<Fault | undefined> {
  let end: { fault?: Fault } | undefined;
  task.then(
    () => {
      end = {};
    },
    (error) => {
      end = { fault: toFault(error) };
    },
  );
  await until(ground, () => end !== undefined);
  return end!.fault;
}

async function until(ground: Ground, done: () => boolean): Promise<boolean> {
  const startMs = ground.env.clock.monotonic();
  while (!done()) {
    if (ground.env.clock.monotonic() - startMs > PATIENCE_MS) return false;
    await ground.wait(1);
  }
  return true;
}

/** All that was ever written, as text: a hostile page may delete words, as it may write. */
export function historyOf(page: Hand): string {
  return JSON.stringify(page.doc.exportJsonUpdates());
}

/** Types words and remembers which of them the server called durable. */
export class Citizen {
  readonly user: string;
  readonly id: string;
  readonly durable = new Set<string>();
  /** Answers that an honest page must never get. */
  readonly wrongs: string[] = [];
  restarts = 0;
  #restartedMs = Number.NEGATIVE_INFINITY;
  readonly #ground: Ground;
  #page: Page | undefined;
  #words: string[] = [];
  #sent: { n: number; words: string[] }[] = [];
  #epoch = '';

  constructor(ground: Ground, user: string, id: string) {
    this.#ground = ground;
    this.user = user;
    this.id = id;
  }

  get text(): string {
    return this.#page?.text ?? '';
  }

  get history(): string {
    return this.#page ? historyOf(this.#page) : '';
  }

  get quiet(): boolean {
    return this.#words.every((word) => this.durable.has(word)) && !this.#hurt;
  }

  get #hurt(): boolean {
    const page = this.#page;
    return !page || page.fault !== undefined || page.broken !== undefined || page.all('refuse').length > 0;
  }

  /** One word more, or a new start where one is due. */
  async act(type: boolean): Promise<void> {
    this.#hear();
    if (this.#hurt) {
      const nowMs = this.#ground.env.clock.monotonic();
      if (nowMs < this.#restartedMs + RESTART_MS) return;
      this.#restartedMs = nowMs;
      if (!(await this.#restart())) return;
    }
    if (!type) return;
    const word = `<${this.user}${this.#words.length}>`;
    this.#words.push(word);
    this.#push([word]);
  }

  async #restart(): Promise<boolean> {
    const last = this.#page;
    for (const { code, retry } of last?.all('refuse') ?? []) if (retry === 'never') this.wrongs.push(code);
    const { fault } = last ?? {};
    if (fault && CODES[fault.code].retry === 'never') this.wrongs.push(fault.code);
    last?.handler.closed();
    this.restarts++;
    this.#page = undefined;
    this.#sent = [];
    const page = await opened(this.#ground, this.id, this.user);
    if (!(page instanceof Page)) return false;
    page.join();
    await until(this.#ground, () => page.joined || page.fault !== undefined);
    if (!page.joined || page.broken) return false;
    this.#page = page;
    const { peer, epoch } = page.last('joined');
    page.doc.setPeerId(peer);
    const history = page.attempt(() => historyOf(page));
    if (history === undefined) return false;
    const missing = this.#words.filter((word) => !history.includes(word));
    // In the same epoch what is durable stays. Another one may lack what was built on bad operations.
    if (epoch === this.#epoch)
      for (const word of missing) if (this.durable.has(word)) this.wrongs.push(`lost ${word}`);
    this.#epoch = epoch;
    for (const word of this.#words) if (!missing.includes(word)) this.durable.add(word);
    for (const word of missing) this.durable.delete(word);
    if (missing.length > 0) this.#push(missing);
    return true;
  }

  #push(words: string[]): void {
    const page = this.#page!;
    const bytes = page.attempt(() => page.edit(words.join(''), 0));
    if (!bytes) return;
    page.push(bytes);
    this.#sent.push({ n: page.n, words });
  }

  #hear(): void {
    const page = this.#page;
    if (!page) return;
    for (const { level, n } of page.all('ack')) {
      if (level !== 'durable') continue;
      for (const sent of this.#sent) if (sent.n <= n) for (const word of sent.words) this.durable.add(word);
    }
    page.frames.splice(
      0,
      page.frames.length,
      ...page.frames.filter(({ kind }) => kind !== 'ack' && kind !== 'update'),
    );
  }
}

/** Pushes what it should not. */
class Attacker {
  readonly toll: Toll;
  readonly #ground: Ground;
  readonly #user: string;
  /** By document. */
  readonly #leases = new Map<string, { epoch: string; peer: bigint }>();

  constructor(ground: Ground, user: string, toll: Toll) {
    this.#ground = ground;
    this.#user = user;
    this.toll = toll;
  }

  /** Returns how many it pushed. */
  async raid(id: string): Promise<number> {
    const page = await opened(this.#ground, id, this.#user);
    if (!(page instanceof Page)) return 0;
    const { epoch = '', peer: known = 0n } = this.#leases.get(id) ?? {};
    page.join(epoch, known);
    await until(this.#ground, () => page.joined || page.fault !== undefined);
    let pushed = 0;
    if (page.joined && !page.broken) {
      const { peer, epoch: present } = page.last('joined');
      this.#leases.set(id, { epoch: present, peer });
      page.doc.setPeerId(peer);
      const honest = page.attempt(() => anyEdit(page.doc, this.#ground));
      while (honest && pushed < PUSHES_PER_PAGE && !page.fault) {
        await this.#push(page, forged(honest, this.#ground.random));
        pushed++;
      }
    }
    page.handler.closed();
    return pushed;
  }

  async #push(page: Page, bytes: Uint8Array): Promise<void> {
    page.push(bytes);
    const { n } = page;
    const refusal = () => page.all('refuse').find((refused) => refused.n === n);
    const acked = () => page.all('ack').some((ack) => ack.n >= n);
    await until(this.#ground, () => page.fault !== undefined || refusal() !== undefined || acked());
    if (page.fault) this.#count(`closed ${page.fault.code}`);
    else if (refusal()) {
      this.#count(`refused ${refusal()!.code}`);
      // What is pushed before the answer is ignored, which may take a repair.
      const answers = page.all('joined').length;
      page.resync();
      await until(this.#ground, () => page.fault !== undefined || page.all('joined').length > answers);
    } else this.#count(acked() ? 'acked' : 'silent');
  }

  #count(answer: string): void {
    this.toll[answer] = (this.toll[answer] ?? 0) + 1;
  }
}

/** An edit of some container, as an update. */
function anyEdit(doc: Page['doc'], { random, pages }: Ground): Uint8Array {
  const from = doc.oplogVersion();
  const text = doc.getText('body');
  switch (random.int(5)) {
    case 0:
      text.insert(random.int(text.length + 1), 'evil');
      break;
    case 1:
      text.insert(0, 'evil');
      text.mark({ start: 0, end: Math.min(4, text.length) }, 'bold', true);
      text.insert(2, '??');
      break;
    case 2: {
      const map = doc.getMap('m');
      map.set('a', random.int(9));
      map.setContainer('c', new pages.loro.LoroMap()).set('x', 'y');
      const list = doc.getMovableList('o');
      list.insert(0, 'q');
      list.insert(0, 'r');
      list.move(0, 1);
      list.set(0, 's');
      break;
    }
    case 3: {
      const tree = doc.getTree('t');
      const node = tree.createNode();
      node.createNode().data.set('k', 'v');
      tree.move(node.id, tree.createNode().id);
      doc.getList('l').insert(0, [1, 'two']);
      break;
    }
    default:
      for (let i = 0; i < 6; i++) {
        text.insert(i, 'e');
        doc.commit();
      }
      text.delete(2, 3);
  }
  doc.commit();
  return doc.export({ mode: 'update', from });
}

/** Two honest pages on each document, and hostile ones in turn. Ends when all honest edits are durable. */
export async function siege(ground: Ground, plan: SiegePlan): Promise<{ toll: Toll; citizens: Citizen[] }> {
  const { random } = ground;
  const toll: Toll = {};
  const citizens = plan.documents.flatMap((id) =>
    ['ann', 'bob'].map((user) => new Citizen(ground, user, id)),
  );
  const attackers = plan.attackers.map((user) => new Attacker(ground, user, toll));
  for (const citizen of citizens) await citizen.act(true);
  for (let pushed = 0; pushed < plan.mutations; ) {
    const before = pushed;
    pushed += await random.pick(attackers).raid(random.pick(plan.documents));
    if (Math.floor(pushed / PROGRESS) > Math.floor(before / PROGRESS)) plan.progress?.(pushed);
    for (const citizen of citizens) await citizen.act(random.chance(0.2));
    await ground.wait(5);
  }
  for (let calm = 0; calm < 5; ) {
    for (const citizen of citizens) await citizen.act(false);
    await ground.wait(300);
    calm = citizens.every(({ quiet }) => quiet) ? calm + 1 : 0;
  }
  return { toll, citizens };
}
