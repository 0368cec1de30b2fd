import { describe, expect, test } from 'vitest';
import { Fault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import { DEFAULT_LIMITS } from '../protocol/limits.ts';
import type { AnswerEntry } from '../protocol/server-message.ts';
import { simEnv } from '../testing/sim-env.ts';
import { engineKit, isComplete } from './testing/engine-kit.ts';
import { user } from './testing/fake-server.ts';
import type { WatchState } from './watch-state.ts';
import { WATCH_LINGER_MS, Watches } from './watches.ts';

function kit() {
  const env = simEnv();
  const sent: { t: string; id: number; fn?: string; args?: Json }[] = [];
  let isOpen = true;
  let last = 0;
  const watches = new Watches(env, {
    nextId: () => ++last,
    sendRaw: (text) => {
      if (isOpen) sent.push(JSON.parse(text));
      return isOpen;
    },
  });
  const listen = (fn: string, args: Json = {}) => {
    const states: WatchState<Json>[] = [];
    const cancel = watches.watch(fn, args, (state) => states.push(state));
    return { states, cancel, last: () => states.at(-1)! };
  };
  const answer = (...answers: AnswerEntry[]) => watches.answer({ t: 'answer', to: 1, answers });
  const connect = () => {
    isOpen = true;
    watches.connected(DEFAULT_LIMITS);
  };
  const lose = () => {
    isOpen = false;
    watches.lost();
  };
  return { env, watches, sent, listen, answer, connect, lose };
}

describe('a watch', () => {
  test('is pending, then a value, then a patched one whose other parts are the same objects', () => {
    const { listen, answer, connect, sent } = kit();
    connect();
    const list = listen('notes.list', { room: 'a' });
    expect(sent).toEqual([{ t: 'watch', id: 1, fn: 'notes.list', args: { room: 'a' } }]);
    answer({
      id: 1,
      value: [
        { id: 'n1', title: 'a' },
        { id: 'n2', title: 'b' },
      ],
    });
    answer({ id: 1, patch: { a: [[0, 1], { i: 1, p: { o: { title: { v: 'c' } } } }] } });
    expect(list.states.map(({ name }) => name)).toEqual(['pending', 'value', 'value']);
    const [, before, after] = list.states as { value: Json[] }[];
    expect(after).toEqual({
      name: 'value',
      value: [
        { id: 'n1', title: 'a' },
        { id: 'n2', title: 'c' },
      ],
      complete: true,
    });
    expect(after!.value[0]).toBe(before!.value[0]);
  });

  test('is shared by equal calls, and outlives the last of them a little', async () => {
    const { env, listen, answer, connect, sent, watches } = kit();
    connect();
    const one = listen('f', { a: 1, b: 2 });
    const two = listen('f', { b: 2, a: 1 });
    answer({ id: 1, value: 7 });
    const three = listen('f', { a: 1, b: 2 });
    expect(three.states).toEqual([{ name: 'value', value: 7, complete: true }]);
    for (const { cancel } of [one, two, three]) cancel();
    one.cancel();
    await env.clock.advance(WATCH_LINGER_MS - 1);
    const four = listen('f', { a: 1, b: 2 });
    expect(four.last()).toMatchObject({ value: 7 });
    four.cancel();
    await env.clock.advance(WATCH_LINGER_MS + 1);
    expect(sent.map(({ t, id }) => [t, id])).toEqual([
      ['watch', 1],
      ['unsubscribe', 1],
    ]);
    expect(watches.size).toBe(0);
    answer({ id: 1, value: 8 }); // was under way
    expect(four.states).toHaveLength(1);
  });

  test('[Q2] an answer is applied to all before anybody is told', () => {
    const { watches, connect, answer } = kit();
    connect();
    const seen: Json[] = [];
    const now: Record<string, Json> = {};
    for (const fn of ['a', 'b']) {
      watches.watch(fn, {}, (state) => {
        if (state.name === 'value') now[fn] = state.value;
        watches.watch('a', {}, (a) => {
          if (a.name === 'value') now.a = a.value;
        })();
        watches.watch('b', {}, (b) => {
          if (b.name === 'value') now.b = b.value;
        })();
        seen.push([now.a ?? null, now.b ?? null]);
      });
    }
    answer({ id: 1, value: 1 }, { id: 2, value: 1 });
    answer({ id: 2, value: 2 }, { id: 1, value: 2 });
    expect(seen.slice(2)).toEqual([
      [1, 1],
      [1, 1],
      [2, 2],
      [2, 2],
    ]);
  });

  test('a listener that throws stops neither the others nor the engine', () => {
    const { watches, listen, answer, connect } = kit();
    connect();
    watches.watch('f', {}, () => {
      throw new Error('a bug of the page');
    });
    const list = listen('f');
    answer({ id: 1, value: 1 });
    expect(list.last()).toMatchObject({ value: 1 });
  });

  test('an error keeps the value, and a value ends it', () => {
    const { listen, answer, connect } = kit();
    connect();
    const list = listen('f');
    answer({ id: 1, value: 1 });
    answer({ id: 1, error: { code: 'not_found', message: 'gone' } });
    expect(list.last()).toEqual({
      name: 'error',
      fault: expect.objectContaining({ code: 'not_found' }),
      value: 1,
    });
    answer({ id: 1, value: 2 });
    expect(list.last()).toEqual({ name: 'value', value: 2, complete: true });
  });

  test('after a loss it is asked for again; what is unchanged then is the same object', () => {
    const { listen, answer, connect, lose, sent } = kit();
    const list = listen('f');
    expect(sent).toEqual([]);
    connect();
    answer({ id: 1, value: { rows: [1, 2] } });
    lose();
    expect(list.last()).toMatchObject({ complete: false });
    connect();
    expect(sent.map(({ t, id }) => [t, id])).toEqual([
      ['watch', 1],
      ['watch', 2],
    ]);
    const { value } = list.last() as { value: Json };
    answer({ id: 1, value: 'late' }, { id: 2, value: { rows: [1, 2] } });
    expect(list.last()).toEqual({ name: 'value', value: { rows: [1, 2] }, complete: true });
    expect((list.last() as { value: Json }).value).toBe(value);
  });

  test('one that was dropped is an error, and is asked for again with the next connection', () => {
    const { watches, listen, connect, lose, sent } = kit();
    connect();
    const list = listen('f');
    watches.dropped({ t: 'dropped', id: 1, error: { code: 'forbidden', message: 'no' } });
    expect(list.last()).toMatchObject({ name: 'error', fault: { code: 'forbidden' } });
    lose();
    connect();
    expect(sent.at(-1)).toMatchObject({ t: 'watch', id: 2 });
  });

  test.each<[string, AnswerEntry]>([
    ['a patch that does not fit', { id: 1, patch: { a: [[5, 1]] } }],
    ['an entry without anything', { id: 1 }],
  ])('[N1] %s is refused', (_, entry) => {
    const { listen, answer, connect } = kit();
    connect();
    listen('f');
    expect(() => answer(entry)).toThrow(expect.objectContaining({ code: 'bad_message' }));
    answer({ id: 1, value: {} });
    expect(() => answer(entry)).toThrow(expect.objectContaining({ code: 'bad_message' }));
  });

  test('[N3] arguments that would cost the connection are not sent', () => {
    const { watches, listen, sent } = kit();
    const text = '{"t":"watch","id":1,"fn":"f","args":""}';
    watches.connected({ ...DEFAULT_LIMITS, textBytes: text.length + 5, jsonDepth: 3 });
    expect(listen('f', 'x'.repeat(5)).last().name).toBe('pending');
    expect(listen('f', 'x'.repeat(6)).last()).toMatchObject({ name: 'error', fault: { code: 'too_large' } });
    expect(listen('f', [[1]]).last().name).toBe('pending');
    expect(listen('f', [[[]]]).last().name).toBe('error');
    expect(sent).toHaveLength(2);
  });

  test('when the engine closes, all end with that fault', () => {
    const { watches, listen, connect } = kit();
    connect();
    const list = listen('f');
    watches.close(new Fault('unavailable', 'closed'));
    expect(list.last()).toMatchObject({ name: 'error', fault: { code: 'unavailable' } });
    expect(listen('f').last().name).toBe('error');
  });
});

describe('[S8] identities', () => {
  test('another one empties all; what is watched while it comes waits for it', () => {
    const { watches, listen, answer, connect, sent } = kit();
    connect();
    const list = listen('f');
    answer({ id: 1, value: 'of ann' });
    watches.hold();
    const later = listen('g');
    expect(sent).toHaveLength(1);
    watches.empty();
    expect(list.last()).toEqual({ name: 'pending' });
    answer({ id: 1, value: 'of bob' }); // may come before the engine is done with the change
    watches.release();
    expect(sent.at(-1)).toMatchObject({ t: 'watch', fn: 'g' });
    expect([list.last(), later.last()]).toMatchObject([{ value: 'of bob' }, { name: 'pending' }]);
  });

  test('answers for an identity that was passed by are ignored, and all is asked anew', () => {
    const { watches, listen, answer, connect, sent } = kit();
    connect();
    const list = listen('f');
    answer({ id: 1, value: 'of ann' });
    watches.hold();
    watches.ignore();
    answer({ id: 1, value: 'of eve' });
    expect(list.last()).toMatchObject({ value: 'of ann' });
    watches.empty();
    watches.release();
    expect(sent.slice(1).map(({ t, id }) => [t, id])).toEqual([
      ['unsubscribe', 1],
      ['watch', 2],
    ]);
    answer({ id: 1, value: 'of eve' }, { id: 2, value: 'of bob' });
    expect(list.states.map((state) => ('value' in state ? state.value : state.name))).toEqual([
      'pending',
      'of ann',
      'pending',
      'of bob',
    ]);
  });

  test('an engine that is given two tokens at once shows what belongs to neither of them to nobody', async () => {
    const { env, server, engine } = engineKit(simEnv());
    server.sessions.set('eve', user('eve'));
    server.intercept = (message, socket) => {
      const value = () =>
        socket.tell({ t: 'answer', to: 1, answers: [{ id: asked, value: socket.session.userId }] });
      if (message.t === 'watch') {
        asked = message.id;
        value();
        return true;
      }
      if (message.t !== 'auth') return false;
      socket.session = server.sessions.get(message.token ?? '')!;
      socket.tell({ t: 'session', session: socket.session });
      value();
      return true;
    };
    let asked = 0;
    await env.clock.run(engine.start());
    await env.clock.until(isComplete(engine), 1000);
    const seen: [Json, Json][] = [];
    engine.watch({ name: 'me' }, {}, (state) => {
      if (state.name === 'value') seen.push([state.value as Json, engine.session?.userId ?? null]);
    });
    await env.clock.advance(100);
    engine.setToken('eve');
    await env.clock.advance(1);
    engine.setToken('bob');
    await env.clock.advance(500);
    expect(server.messages('auth')).toHaveLength(2);
    expect(seen).toEqual([
      ['ann', 'ann'],
      ['bob', 'bob'],
    ]);
    await engine.close();
  });
});
