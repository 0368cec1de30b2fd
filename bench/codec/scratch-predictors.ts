import { WorldColumns } from '../../shards/core/world-columns.ts';
import { RECORDED_WORLDS } from '../recorded-worlds.ts';
import { crowdType, WALKS, walkers } from './crowd.ts';

type Series = { name: string; lanes: { kind: string; turn: number; comp: number }[]; frames: Int32Array[][] };
const LEVEL = Number(process.argv[2] ?? 1);

function record(): Series[] {
  const out: Series[] = [];
  for (const { name, def, params, players, input } of RECORDED_WORLDS) {
    const world = new WorldColumns(def.entityType, {
      seed: name,
      stepSeed: 's',
      maxEntities: def.limits.entities,
      emit: () => {},
    });
    def.start?.(world, params);
    const player = { userId: null, name: null, roles: [], entityId: 0 };
    const ids = Array.from({ length: players }, () => def.join!(world, player as never)!.id);
    const given = def.inputType.table(1).at(0);
    const frames: Int32Array[][] = [];
    for (let tick = 1; tick <= 440; tick++) {
      world.tick = tick;
      ids.forEach((id, n) => {
        def.inputType.assign(given, input(n) as never);
        world.beginStep(id);
        def.step(world, world.get(id)!, given as never, 1 / def.tickRate);
        world.endStep();
      });
      def.tick?.(world, 1 / def.tickRate);
      if (tick > 40 && tick % LEVEL === 0)
        frames.push(
          world.entities
            .slice(0, 150)
            .map(({ id }) =>
              Int32Array.from(def.entityType.lanes, (l, i) =>
                l.textBytes ? 0 : world.table.columns[i]!.values[world.rowOf(id)]!,
              ),
            ),
        );
    }
    out.push({ name, lanes: lanesOf(def.entityType as never), frames });
  }
  for (const walk of WALKS) {
    const { world, tick } = walkers(walk, 150, 300);
    const frames: Int32Array[][] = [];
    for (let t = 0; t < 440; t++) {
      tick();
      if (t > 40 && t % LEVEL === 0)
        frames.push(
          world.entities.map(({ id }) =>
            Int32Array.from(crowdType.lanes, (l, i) =>
              l.textBytes ? 0 : world.table.columns[i]!.values[world.rowOf(id)]!,
            ),
          ),
        );
    }
    out.push({ name: walk, lanes: lanesOf(crowdType as never), frames });
  }
  return out;
}
function lanesOf(type: {
  lanes: { blend: string; min: number; max: number; textBytes: number }[];
  names: string[];
  fields: Record<string, { lanes: unknown[] }>;
}) {
  const comp: number[] = [];
  type.names.forEach((n, c) => type.fields[n]!.lanes.forEach(() => comp.push(c)));
  return type.lanes.map((l, i) => ({
    kind: l.textBytes ? 'text' : l.blend,
    turn: l.blend === 'angle' ? l.max - l.min + 1 : 0,
    comp: comp[i]!,
  }));
}
const wrap = (d: number, turn: number) =>
  turn === 0 ? d : ((((d + turn / 2) % turn) + turn) % turn) - turn / 2;
const minmod = (a: number, b: number) =>
  a > 0 && b > 0 ? Math.min(a, b) : a < 0 && b < 0 ? Math.max(a, b) : 0;
type P = () => (x: number, turn: number) => number; // returns residual, updates
const predictors: Record<string, P> = {
  v: () => {
    let x0 = NaN,
      v = 0;
    return (x, t) => {
      const r = Number.isNaN(x0) ? 0 : wrap(x - x0 - v, t);
      v = Number.isNaN(x0) ? 0 : wrap(x - x0, t);
      x0 = x;
      return r;
    };
  },
  minmod: () => {
    let x0 = NaN,
      v = 0,
      d1 = 0,
      d2 = 0;
    return (x, t) => {
      if (Number.isNaN(x0)) {
        x0 = x;
        return 0;
      }
      const r = wrap(x - x0 - v - minmod(d1, d2), t);
      const nv = wrap(x - x0, t);
      d2 = d1;
      d1 = wrap(nv - v, t);
      v = nv;
      x0 = x;
      return r;
    };
  },
  minmod2: () => {
    let x0 = NaN,
      v = 0,
      d1 = 0,
      d2 = 0;
    return (x, t) => {
      if (Number.isNaN(x0)) {
        x0 = x;
        return 0;
      }
      const m = minmod(d1, d2);
      const r = wrap(x - x0 - v - (Math.abs(m) >= 2 ? m : 0), t);
      const nv = wrap(x - x0, t);
      d2 = d1;
      d1 = wrap(nv - v, t);
      v = nv;
      x0 = x;
      return r;
    };
  },
  accel: () => {
    let x0 = NaN,
      v = 0,
      d1 = 0;
    return (x, t) => {
      if (Number.isNaN(x0)) {
        x0 = x;
        return 0;
      }
      const r = wrap(x - x0 - v - d1, t);
      const nv = wrap(x - x0, t);
      d1 = wrap(nv - v, t);
      v = nv;
      x0 = x;
      return r;
    };
  },
  small: () => {
    let x0 = NaN,
      v = 0,
      d1 = 0;
    return (x, t) => {
      if (Number.isNaN(x0)) {
        x0 = x;
        return 0;
      }
      const r = wrap(x - x0 - v - d1, t);
      const nv = wrap(x - x0, t);
      d1 = wrap(nv - v, t);
      if (Math.abs(d1) > 8 || Math.abs(r) > 4) d1 = 0;
      v = nv;
      x0 = x;
      return r;
    };
  },
  ab4: () => {
    let x0 = NaN,
      v = 0;
    return (x, t) => {
      if (Number.isNaN(x0)) {
        x0 = x;
        return 0;
      }
      const r = wrap(x - x0 - Math.round(v), t);
      const s = wrap(x - x0, t);
      v = Math.abs(r) >= 2 ? s : v + r / 4;
      x0 = x;
      return r;
    };
  },
  ab2: () => {
    let x0 = NaN,
      v = 0;
    return (x, t) => {
      if (Number.isNaN(x0)) {
        x0 = x;
        return 0;
      }
      const r = wrap(x - x0 - Math.round(v), t);
      const s = wrap(x - x0, t);
      v = Math.abs(r) >= 2 ? s : v + (r * 9) / 16;
      x0 = x;
      return r;
    };
  },
  abmm: () => {
    let x0 = NaN,
      v = 0,
      d1 = 0,
      d2 = 0;
    return (x, t) => {
      if (Number.isNaN(x0)) {
        x0 = x;
        return 0;
      }
      const r = wrap(x - x0 - Math.round(v + minmod(d1, d2)), t);
      const s = wrap(x - x0, t);
      const nv = Math.abs(r) >= 2 ? s : v + minmod(d1, d2) + r / 4;
      d2 = d1;
      d1 = nv - v;
      v = nv;
      x0 = x;
      return r;
    };
  },
};
for (const { name, lanes, frames } of record()) {
  const line: string[] = [];
  for (const [pname, make] of Object.entries(predictors)) {
    const n = frames[0]!.length;
    const ps = Array.from({ length: n }, () => lanes.map(() => make()));
    const hist = new Map<string, number[]>();
    let exact = 0,
      total = 0,
      mask = 0;
    const seen: [string, number][] = [];
    frames.forEach((rows, f) => {
      rows.forEach((row, e) => {
        const rs = lanes.map((l, i) =>
          l.kind === 'text'
            ? 0
            : l.kind === 'snap'
              ? predictors.v === make && false
                ? 0
                : ps[e]![i] && stillOf(ps[e]!, i, row[i]!)
              : ps[e]![i]!(row[i]!, l.turn),
        );
        if (f < 5) return;
        total++;
        if (rs.every((r) => r === 0)) {
          exact++;
          return;
        }
        const comps = new Set(lanes.filter((l, i) => rs[i] !== 0).map((l) => l.comp));
        mask += new Set(lanes.map((l) => l.comp)).size > 1 ? 2 : 0;
        let prev = -1,
          pc = -1;
        lanes.forEach((l, i) => {
          if (!comps.has(l.comp)) return;
          const k = 32 - Math.clz32(Math.abs(rs[i]!));
          const n2 = lanes.filter((q) => q.comp === l.comp && q.kind === l.kind).length;
          if (pc !== l.comp) prev = -1;
          pc = l.comp;
          const ctx = process.argv[3] === 'ctx' && n2 > 1 ? (prev < 0 ? 'a' : Math.min(prev, 4)) : '';
          prev = Math.max(prev, k);
          const key = l.kind + n2 + ctx;
          const h = hist.get(key) ?? new Array<number>(33).fill(0);
          h[k]!++;
          hist.set(key, h);
          seen.push([key, k]);
        });
      });
    });
    let bits = 0;
    for (const h of hist.values()) {
      const sum = h.reduce((a, b) => a + b);
      h.forEach((c, k) => {
        if (c) bits += c * (k - Math.log2(c / sum));
      });
    }
    const p = exact / total;
    const flag = p === 0 || p === 1 ? 0 : -(p * Math.log2(p) + (1 - p) * Math.log2(1 - p));
    line.push(`${pname} ${(p * 100).toFixed(0)}% ${((bits + mask) / total + 1).toFixed(2)}`);
  }
  console.log(name.padEnd(9), line.join(' | '));
}
function stillOf(p: unknown[], i: number, x: number): number {
  const cell = p as { [k: string]: unknown };
  const key = `s${i}`;
  const before = cell[key] as number | undefined;
  cell[key] = x;
  return before === undefined ? 0 : x - before;
}
