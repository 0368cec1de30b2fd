import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CODES } from '../../src/base/codes.ts';

const page = readFileSync('docs/wire.md', 'utf8');

/** Every `<plane>.vectors.ts` exports `vectors`, each with its text or its hex. */
interface Vectors {
  readonly vectors: readonly { readonly name: string; readonly text?: string; readonly hex?: string }[];
}
const planes = readdirSync(import.meta.dirname).flatMap(
  (file) => /^(.+)\.vectors\.ts$/.exec(file)?.[1] ?? [],
);
const shown = await Promise.all(
  planes.map(async (plane) => {
    const { vectors }: Vectors = await import(`./${plane}.vectors.ts`);
    return vectors.map(({ name, text, hex }) => ({ plane, name, form: text ?? `| ${name} | \`${hex}\` |` }));
  }),
);
const forms = shown.flat();
const lines = new Set(page.split('\n'));

test.each(forms)('docs/wire.md shows "$name" ($plane)', ({ form }) => {
  expect(lines.has(form), `add this to docs/wire.md:\n${form}`).toBe(true);
});

test('every message and every row of bytes that docs/wire.md shows is a vector', () => {
  const known = new Set(forms.map(({ form }) => form));
  const messages = [...lines].filter((line) => line.startsWith('{"t":'));
  const rows = [...lines].filter((line) => /^\| .* \| `[0-9a-f ]*` \|$/.test(line));
  expect(messages.length).toBeGreaterThan(0);
  expect(rows.length).toBeGreaterThan(0);
  expect([...messages, ...rows].filter((line) => !known.has(line))).toEqual([]);
});

test('docs/wire.md shows every close code', () => {
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\d{4}) \|/gm)].map(([, code, close]) => [
    code,
    Number(close),
  ]);
  const codes = Object.entries(CODES).flatMap(([code, { close }]) => (close === null ? [] : [[code, close]]));
  expect(rows).toEqual(codes);
});
