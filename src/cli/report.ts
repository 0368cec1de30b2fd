/** What a command has to say; main.ts prints it. `ok: false` ends the process with 1. */
export interface Report {
  readonly ok: boolean;
  readonly lines: readonly string[];
}

/** `name  value`, one below the other. */
export function table(rows: readonly (readonly [name: string, value: string | number])[]): string[] {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}
