import fc from 'fast-check';
import { LoroDoc } from 'loro-crdt';
import { expect, test } from 'vitest';
import { difference, moveDelta, movePosition, spliceBetween } from './splice.ts';

const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '😀', '😁', 'é'), maxLength: 12 });

test('the splice turns one text into the other and splits no surrogate pair', () => {
  fc.assert(
    fc.property(text, text, fc.nat(24), (before, after, caret) => {
      const splice = spliceBetween(before, after, Math.min(caret, after.length));
      expect(splice === null).toBe(before === after);
      if (!splice) return;
      const { at, remove, insert } = splice;
      expect(before.slice(0, at) + insert + before.slice(at + remove)).toBe(after);
      for (const piece of [insert, before.slice(at, at + remove)])
        expect(() => encodeURI(piece)).not.toThrow();
    }),
    { numRuns: 2000 },
  );
});

test('among equal letters the caret says which one was typed', () => {
  expect(spliceBetween('aaa', 'aaaa', 1)).toEqual({ at: 0, remove: 0, insert: 'a' });
  expect(spliceBetween('aaa', 'aaaa', 4)).toEqual({ at: 3, remove: 0, insert: 'a' });
});

test('positions follow the text that they stood in', () => {
  fc.assert(
    fc.property(text, text, fc.nat(30), (before, after, raw) => {
      const doc = new LoroDoc();
      const loro = doc.getText('t');
      loro.insert(0, before);
      doc.commit();
      const position = Math.min(raw, before.length);
      let moved = position;
      doc.subscribe(({ events }) => {
        for (const { diff } of events) if (diff.type === 'text') moved = movePosition(moved, diff.diff);
      });
      loro.update(after);
      doc.commit();
      expect(moved).toBeGreaterThanOrEqual(0);
      expect(moved).toBeLessThanOrEqual(after.length);
      if (position === 0) expect(moved).toBe(0);
    }),
  );
  expect(movePosition(3, [{ retain: 1 }, { insert: 'xy' }])).toBe(5);
  expect(movePosition(1, [{ retain: 1 }, { insert: 'xy' }])).toBe(1);
  expect(movePosition(5, [{ retain: 2 }, { delete: 2 }])).toBe(3);
  expect(movePosition(3, [{ retain: 2 }, { delete: 2 }])).toBe(2);
});

test('[D2] a change that is made anew on another text deletes nothing that others wrote, and all of its own is there', () => {
  const step = fc.record({ at: fc.nat(20), remove: fc.nat(3), insert: fc.nat(2) });
  fc.assert(
    fc.property(fc.nat(10), fc.array(step), fc.array(step), (length, own, others) => {
      let letter = 0x4e00;
      const letters = (count: number) =>
        String.fromCharCode(...Array.from({ length: count }, () => letter++));
      const before = letters(length);
      const written = (steps: typeof own) => {
        const doc = new LoroDoc();
        const loro = doc.getText('t');
        loro.insert(0, before);
        doc.commit();
        const from = doc.frontiers();
        for (const { at, remove, insert } of steps) {
          const place = at % (loro.length + 1);
          loro.delete(place, Math.min(remove, loro.length - place));
          loro.insert(place, letters(insert));
        }
        doc.commit();
        const [change] = doc.diff(from, doc.frontiers(), false);
        const delta = change?.[1].type === 'text' ? change[1].diff : [];
        return { after: loro.toString(), delta };
      };
      const [mine, theirs] = [written(own), written(others)];
      const fresh = new LoroDoc().getText('t');
      fresh.insert(0, theirs.after);
      fresh.applyDelta(moveDelta(mine.delta, difference(before, theirs.after)));
      const now = fresh.toString();
      const isNew = (one: string) => !before.includes(one);
      for (const one of [...mine.after, ...theirs.after].filter(isNew))
        expect(now.split(one)).toHaveLength(2);
      for (const one of theirs.after) if (mine.after.includes(one)) expect(now).toContain(one);
      if (others.length === 0) expect(now).toBe(mine.after);
    }),
    { numRuns: 200 },
  );
});

test('[D2] a deletion that is made anew takes nothing that others wrote meanwhile', () => {
  const deletion = [{ retain: 5 }, { delete: 5 }];
  const moved = (after: string) => moveDelta<string>(deletion, difference('<t11><t73>', after));
  expect(moved('new <t11><t73>')).toEqual([{ retain: 9 }, { delete: 5 }]);
  expect(moved('<t11><t73> new')).toEqual([{ retain: 5 }, { delete: 5 }]);
  expect(moved('<t11>')).toEqual([]);
  expect(moved('<t11><t new 73>')).toEqual([]);
  // Another text that has letters in common by chance (docs storm, thirty pages, seed 41).
  expect(moved('<t112>')).toEqual([]);
});
