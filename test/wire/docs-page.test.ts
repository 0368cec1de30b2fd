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
    return vectors.map(({ name, text, hex }) => ({ plane, name, form: text ?? hex ?? '' }));
  }),
);
const forms = shown.flat();

test.each(forms)('docs/wire.md shows "$name" ($plane)', ({ form }) => {
  expect(page.includes(form), `add this to docs/wire.md:\n${form}`).toBe(true);
});

test('every message that docs/wire.md shows is a vector', () => {
  const examples = page.split('\n').filter((line) => line.startsWith('{"t":'));
  expect(examples.length).toBeGreaterThan(0);
  expect(examples.filter((line) => !forms.some(({ form }) => form === line))).toEqual([]);
});

test('docs/wire.md shows every close code', () => {
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\d{4}) \|/gm)].map(([, code, close]) => [
    code,
    Number(close),
  ]);
  const codes = Object.entries(CODES).flatMap(([code, { close }]) => (close === null ? [] : [[code, close]]));
  expect(rows).toEqual(codes);
});
