/**
 * What chunks hold of an entity: the lanes of those components that an audience is sent, compiled to arrays.
 * Once per definition and audience; the server's streams and the client's cells use the same one, so both
 * predict alike. [T2]
 */
import type { Audience, Component, Components } from './component.ts';
import { joinLanes } from './compound-components.ts';
import { bitsFor, type Lane } from './lane.ts';
import { RESIDUAL_CODES, type ResidualCode } from './residual-code.ts';
import type { ResidualTable } from './residual-tables.ts';

/** What becomes of a lane from frame to frame. */
export const LINEAR = 0;
export const ANGLE = 1;
export const STILL = 2;
/** Says which number of a rotation is left out; when it changes, so do the meanings of the three lanes behind it. */
export const CHART = 3;
/** From here on: sent as a whole, not as a residual. */
export const WHOLE = 4;
export const TEXT = 4;
export const ID = 5;

/** Numbers of so few bits are sent as they are, instead of a residual. */
const PLAIN_BITS = 2;

/** Places in the dictionary of texts for each text that the entities may have; see text-pool.ts. */
const PLACES_PER_TEXT = 8;

/** Lanes `first` to `end` of the layout. */
export interface ChunkComponent {
  readonly name: string;
  readonly first: number;
  readonly end: number;
  /** Whether any lane is predicted to go on as before. */
  readonly moves: boolean;
  readonly every: number;
}

/** What is sent in a frame: all but the components that wait for a later one. */
export interface Phase {
  /** Lanes that are always present, by kind; and those that have a guard. */
  readonly linear: Int32Array;
  readonly angles: Int32Array;
  readonly still: Int32Array;
  /** Those of `still` that are charts. */
  readonly charts: Int32Array;
  readonly texts: Int32Array;
  readonly guarded: Int32Array;
  /** Those that move first. */
  readonly components: readonly ChunkComponent[];
  /** How many of them move. */
  readonly moving: number;
}

export class ChunkLayout {
  /** Lanes of an entity, and how many of them are texts. */
  readonly stride: number;
  readonly textStride: number;
  /** Numbers that a CellState holds of an entity: its id, its lanes, and three for each lane that moves. */
  readonly size: number;
  /** Where the three of a lane that moves begin in these: pace, swing and bend; 0 for others. See cell-state.ts. */
  readonly motion: Int32Array;
  readonly lanes: readonly Lane[];
  /** By lane: which lane of the table it is, and so on. */
  readonly source: Int32Array;
  readonly kind: Uint8Array;
  readonly min: Int32Array;
  readonly max: Int32Array;
  readonly initial: Int32Array;
  readonly bits: Uint8Array;
  readonly plain: Uint8Array;
  /** The lane that says whether this one is present, or -1. */
  readonly guard: Int32Array;
  /** Where a text lane stands among the texts, or -1. */
  readonly text: Int32Array;
  readonly every: Int32Array;
  readonly codes: readonly ResidualCode[];
  readonly paces: ResidualCode;
  readonly components: readonly ChunkComponent[];
  /** Bits of a place in the dictionary of texts. */
  readonly placeBits: number;
  readonly #phases: readonly Phase[];

  constructor(fields: Components, audience: Audience, placeBits: number) {
    this.placeBits = placeBits;
    const lanes: Lane[] = [];
    const source: number[] = [];
    const every: number[] = [];
    const components: ChunkComponent[] = [];
    const tables: ResidualTable[] = [];
    let at = 0;
    for (const [name, component] of Object.entries(fields)) {
      if (isSentTo(component, audience)) {
        const period = audience === 'owner' ? 1 : component.everyFrames;
        const first = lanes.length;
        for (const [i, lane] of component.lanes.entries()) {
          lanes.push(lane.guard === -1 ? lane : { ...lane, guard: first + lane.guard });
          source.push(at + i);
          every.push(period);
          tables.push(tableOf(lane, component.lanes));
        }
        const moves = component.lanes.some((lane) => kindOf(lane) <= ANGLE);
        components.push({ name, first, end: lanes.length, moves, every: period });
      }
      at += component.lanes.length;
    }
    this.lanes = lanes;
    this.stride = lanes.length;
    this.source = Int32Array.from(source);
    this.kind = Uint8Array.from(lanes, kindOf);
    let size = 1 + lanes.length;
    this.motion = Int32Array.from(lanes, (lane) => {
      if (kindOf(lane) > ANGLE) return 0;
      size += 3;
      return size - 3;
    });
    this.size = size;
    this.min = Int32Array.from(lanes, ({ min }) => min);
    this.max = Int32Array.from(lanes, ({ max }) => max);
    this.initial = Int32Array.from(lanes, ({ initial }) => initial);
    this.bits = Uint8Array.from(lanes, ({ bits }) => bits);
    this.plain = Uint8Array.from(lanes, (lane) =>
      kindOf(lane) === STILL && lane.bits <= PLAIN_BITS ? 1 : 0,
    );
    this.guard = Int32Array.from(lanes, ({ guard }) => guard);
    this.every = Int32Array.from(every);
    let texts = 0;
    this.text = Int32Array.from(lanes, ({ textBytes }) => (textBytes > 0 ? texts++ : -1));
    this.textStride = texts;
    this.codes = tables.map((table) => RESIDUAL_CODES[table]);
    this.paces = RESIDUAL_CODES.pace;
    this.components = components;
    this.#phases = phasesOf(components, this);
  }

  /** What is sent in a frame. */
  phase(frame: number): Phase {
    return this.#phases[frame % this.#phases.length]!;
  }
}

/** The layouts of a definition, by audience. */
export type ChunkLayouts = Readonly<Record<Audience, ChunkLayout>>;

/** `entities` is the limit of the definition. */
export function chunkLayouts(fields: Components, entities: number): ChunkLayouts {
  const texts = joinLanes(Object.values(fields)).filter(({ textBytes }) => textBytes > 0).length;
  const placeBits = bitsFor(entities * texts * PLACES_PER_TEXT - 1);
  return {
    all: new ChunkLayout(fields, 'all', placeBits),
    owner: new ChunkLayout(fields, 'owner', placeBits),
    team: new ChunkLayout(fields, 'team', placeBits),
  };
}

/** The owner is sent what his entity's cell does not tell him, or not in every frame: he predicts it. [T6] */
function isSentTo({ audience, everyFrames, lanes }: Component<unknown>, to: Audience): boolean {
  if (lanes.length === 0) return false;
  return to === 'owner' ? audience !== 'all' || everyFrames > 1 : audience === to;
}

const KINDS = { linear: LINEAR, axis: LINEAR, angle: ANGLE, snap: STILL, chart: CHART } as const;

function kindOf({ content, blend }: Lane): number {
  if (content === 'id') return ID;
  return content === 'number' ? KINDS[blend] : TEXT;
}

function tableOf({ blend }: Lane, siblings: readonly Lane[]): ResidualTable {
  if (blend === 'snap') return 'whole';
  if (blend !== 'linear') return blend;
  return siblings.filter((lane) => lane.blend === 'linear').length > 1 ? 'vector' : 'scalar';
}

function phasesOf(components: readonly ChunkComponent[], { kind, guard }: ChunkLayout): Phase[] {
  const longest = components.reduce((most, { every }) => Math.max(most, every), 1);
  return Array.from({ length: longest }, (_, frame): Phase => {
    const due = components.filter(({ every }) => frame % every === 0);
    const moving = due.filter(({ moves }) => moves);
    const lanes = due.flatMap(({ first, end }) => Array.from({ length: end - first }, (_, i) => first + i));
    const present = (...of: number[]) =>
      Int32Array.from(lanes.filter((i) => guard[i] === -1 && of.includes(kind[i]!)));
    return {
      linear: present(LINEAR),
      angles: present(ANGLE),
      still: present(STILL, CHART, ID),
      charts: present(CHART),
      texts: present(TEXT),
      guarded: Int32Array.from(lanes.filter((i) => guard[i] !== -1)),
      components: [...moving, ...due.filter(({ moves }) => !moves)],
      moving: moving.length,
    };
  });
}
