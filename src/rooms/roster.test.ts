import { expect, test } from 'vitest';
import { type Member, Roster } from './roster.ts';

const member = (id: string, state: Member['state'] = null): Member => ({ id, userId: id, name: null, state });

test('[S10] states set between two takings collapse into the latest', () => {
  const roster = new Roster(10);
  roster.join(member('a'));
  expect(roster.take()).toEqual({ joined: [member('a')], changed: [], left: [] });
  for (let x = 0; x < 1000; x++) roster.change('a', { x });
  expect(roster.take()).toEqual({ joined: [], changed: [{ id: 'a', state: { x: 999 } }], left: [] });
  expect(roster.take()).toBeNull();
});

test('[S10] one who came and left between two takings is never told', () => {
  const roster = new Roster(10);
  for (let i = 0; i < 1000; i++) {
    roster.join(member(`s${i}`));
    roster.leave(`s${i}`);
  }
  expect(roster.take()).toBeNull();
});

test('who left is named, and a state of one who is gone is nothing', () => {
  const roster = new Roster(10);
  roster.join(member('a'));
  roster.take();
  roster.leave('a');
  roster.change('a', 1);
  expect(roster.take()).toEqual({ joined: [], changed: [], left: ['a'] });
});

test('[N3] a room holds its limit and not one more', () => {
  const roster = new Roster(2);
  roster.join(member('a'));
  roster.join(member('b'));
  expect(() => roster.join(member('c'))).toThrow('the room is full');
  roster.leave('a');
  roster.join(member('c'));
  expect(roster.members.map(({ id }) => id)).toEqual(['b', 'c']);
});

test('a session that is back as somebody else is told with its new identity', () => {
  const roster = new Roster(10);
  roster.join(member('a'));
  roster.take();
  roster.leave('a');
  roster.join({ ...member('a', 1), userId: 'other' });
  expect(roster.take()).toEqual({ joined: [{ ...member('a', 1), userId: 'other' }], changed: [], left: [] });
});
