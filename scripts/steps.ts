/** Runs commands a few at a time and tells what became of each. */

export interface Step {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Outcome {
  readonly step: Step;
  readonly ok: boolean;
  readonly seconds: number;
  readonly output: string;
}

/** Runs one step to its end; never rejects. */
export type Run = (step: Step) => Promise<{ ok: boolean; output: string }>;

export interface Pool {
  readonly lanes: number;
  readonly run: Run;
  /** Milliseconds that never go back. */
  readonly now: () => number;
  /** Called as each step ends. */
  readonly ended: (outcome: Outcome) => void;
}

/** Starts the steps in their order, at most `lanes` at once; true when all went well. */
export async function runSteps(steps: readonly Step[], { lanes, run, now, ended }: Pool): Promise<boolean> {
  const waiting = [...steps];
  let ok = true;
  const lane = async () => {
    for (let step = waiting.shift(); step; step = waiting.shift()) {
      const begin = now();
      const result = await run(step);
      ok &&= result.ok;
      ended({ step, ...result, seconds: (now() - begin) / 1000 });
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return ok;
}

/** `ok    unit  12.3 s`, and the output of a step that failed. */
export function formatOutcome({ step, ok, seconds, output }: Outcome): string {
  const line = `${ok ? 'ok  ' : 'FAIL'}  ${step.name.padEnd(14)} ${seconds.toFixed(1).padStart(5)} s`;
  return ok ? line : `${line}\n${output.trimEnd().replaceAll(/^/gm, '      ')}`;
}

/** The steps with these names, or all but those after a `-`: `check unit`, `check -unit -sim`. */
export function chooseSteps(steps: readonly Step[], args: readonly string[]): Step[] {
  const names = new Set(steps.map(({ name }) => name));
  const unknown = args.find((arg) => !names.has(arg.replace(/^-+/, '')));
  if (unknown !== undefined) throw new Error(`no step ${unknown}; there are ${[...names].join(', ')}`);
  const wanted = args.filter((arg) => !arg.startsWith('-'));
  return steps.filter(
    ({ name }) => (wanted.length === 0 || wanted.includes(name)) && !args.includes(`-${name}`),
  );
}
