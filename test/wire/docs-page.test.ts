import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = readFileSync('docs/wire.md', 'utf8');

/** Every `*.vectors.ts` exports `vectors`, each with its text or its hex. */
const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.vectors.ts'));
const shown = await Promise.all(
  files.map(async (file) => {
    const { vectors }: { vectors: { name: string; text?: string; hex?: string }[] } = await import(
      `./${file}`
    );
    return vectors.map(({ name, text, hex }) => ({ file, name, form: text ?? hex ?? '' }));
  }),
);
const forms = shown.flat();

test.each(forms)('docs/wire.md shows "$name" of $file', ({ form }) => {
  expect(page.includes(form), `add this line to docs/wire.md:\n${form}`).toBe(true);
});

test('every message that docs/wire.md shows is a vector', () => {
  const examples = page.split('\n').filter((line) => line.startsWith('{"t":'));
  expect(examples.length).toBeGreaterThan(0);
  expect(examples.filter((line) => !forms.some(({ form }) => form === line))).toEqual([]);
});
