/** Spans of time as people write them: 1500, "90s", "10m", "2h", "1d". For `ctx.scheduler.runAfter`. */
import { Fault } from '../base/fault.ts';

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const TEXT = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** Milliseconds, or a number with a unit. */
export type Delay = number | `${number}${keyof typeof UNIT_MS}`;

/** Whole milliseconds. Throws Fault `invalid` for what is no span, or a negative one. */
export function delayMs(delay: Delay): number {
  const [, amount, unit] = typeof delay === 'string' ? (TEXT.exec(delay) ?? []) : ['', delay, 'ms'];
  const ms = Number(amount) * (UNIT_MS[unit as keyof typeof UNIT_MS] ?? Number.NaN);
  if (!Number.isFinite(ms) || ms < 0)
    throw new Fault('invalid', `not a delay: ${String(delay)} (a number of ms, or a text like "10m")`);
  return Math.round(ms);
}
