import { expect, test } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import { decodeFrame, encodeFrame } from '../protocol/frame.ts';
import { DEFAULT_LIMITS } from '../protocol/limits.ts';
import { PROTOCOL } from '../protocol/version.ts';
import { simEnv } from '../testing/sim-env.ts';
import { MORE_BINARY_BYTES, MORE_TEXT_BYTES } from './tab-numbers.ts';
import { MAX_FOLLOWERS, MAX_UNANSWERED_BYTES, TabRelay } from './tab-relay.ts';

const session = { userId: 'ann', kind: 'user', roles: [], name: null };
const welcome = {
  t: 'welcome',
  session,
  epoch: 'e',
  seq: 1,
  limits: DEFAULT_LIMITS,
  queried: ['Message'],
  time: 0,
};
const hello = { t: 'hello', protocol: PROTOCOL, client: 'c', schema: '', cursor: null };

function relayed() {
  const up: unknown[] = [];
  const down: [string, unknown][] = [];
  const hungUp: string[] = [];
  let [epoch, seq, copied] = ['e', 1, 'e'];
  const rows = new Map<string, Map<string, JsonObject>>();
  const read = (data: string | Uint8Array) =>
    typeof data === 'string' ? JSON.parse(data) : decodeFrame(data);
  const relay = new TabRelay(simEnv(1), {
    rows: {
      get cursor() {
        return { epoch, seq };
      },
      entities: () => rows,
    },
    up: (data) => up.push(read(data)),
    down: (link, data) => down.push([link, read(data)]),
    open: () => {},
    hangup: (link) => hungUp.push(link),
  });
  const engine: unknown[] = [];
  const receive = (message: object) => {
    const text = JSON.stringify(message);
    relay.received(text, (own = text) => {
      const read = JSON.parse(own);
      engine.push(read);
      if (read.t === 'reset') copied = read.cursor.epoch;
      if (read.t === 'batch') [epoch, seq] = [copied, read.to];
    });
  };
  receive(welcome);
  for (const link of ['one', 'two']) {
    relay.dial(link);
    relay.sent(link, JSON.stringify(hello));
  }
  down.length = 0;
  engine.length = 0;
  const say = (link: string, message: object) => relay.sent(link, JSON.stringify(message));
  return { relay, up, down, hungUp, receive, engine, rows, say };
}

test('equal numbers of two followers do not meet, nor those of the leader', () => {
  const { relay, up, down, receive, engine } = relayed();
  for (const link of ['one', 'two'])
    relay.sent(link, JSON.stringify({ t: 'call', id: 1, fn: link, args: null }));
  const [one, two] = up as { id: number }[];
  receive({ t: 'result', id: two!.id, ok: true, value: 2 });
  receive({ t: 'result', id: one!.id, ok: true, value: 1 });
  expect(down).toEqual([
    ['two', { t: 'result', id: 1, ok: true, value: 2 }],
    ['one', { t: 'result', id: 1, ok: true, value: 1 }],
  ]);
  expect(engine).toEqual([]);
  receive({ t: 'result', id: 1, ok: true });
  expect(engine).toEqual([{ t: 'result', id: 1, ok: true }]);
});

test('channels carry frames both ways, and are given back when a follower goes', () => {
  const { relay, up, down, receive } = relayed();
  relay.sent('one', JSON.stringify({ t: 'open', ch: 1, kind: 'k', params: null }));
  const { ch } = up[0] as { ch: number };
  receive({ t: 'opened', ch, info: 'hi' });
  relay.sent('one', encodeFrame(1, Uint8Array.of(7)));
  relay.received(encodeFrame(ch, Uint8Array.of(8)), () => expect.fail("not the leader's"));
  expect(up[1]).toEqual({ channel: ch, payload: Uint8Array.of(7) });
  expect(down).toEqual([
    ['one', { t: 'opened', ch: 1, info: 'hi' }],
    ['one', { channel: 1, payload: Uint8Array.of(8) }],
  ]);
  relay.left('one');
  expect(up[2]).toEqual({ t: 'close', ch });
});

test('[S10] a follower that leaves two pings unanswered is dropped, one that answers stays', () => {
  const { relay, hungUp, receive } = relayed();
  for (let i = 0; i < 2; i++) {
    receive({ t: 'ping', time: i });
    relay.sent('one', JSON.stringify({ t: 'pong', time: i }));
  }
  expect(hungUp).toEqual([]);
  receive({ t: 'ping', time: 3 });
  expect(hungUp).toEqual(['two']);
});

const message = (link: string) => ({ t: 'subscribe', id: 1, query: { entity: link } });
const idsOf = (up: unknown[]) => (up as { id: number }[]).map(({ id }) => id);

test('a batch goes to all, and of its subscriptions each gets its own', () => {
  const { up, down, receive, engine, say } = relayed();
  say('one', message('one'));
  say('two', { t: 'watch', id: 1, fn: 'f', args: null });
  const [ours] = idsOf(up);
  const part = { rows: [{ row_id: 'm', data: {} }] };
  const batch = { t: 'batch', from: 1, to: 2, ops: [] };
  receive({
    ...batch,
    subs: [
      { id: ours, ...part },
      { id: 1, rows: [] },
    ],
  });
  expect(engine).toEqual([{ ...batch, subs: [{ id: 1, rows: [] }] }]);
  expect(down).toEqual([
    ['one', { ...batch, subs: [{ id: 1, ...part }] }],
    ['two', batch],
  ]);
});

test('rows of a subscription come at a cursor that does not move', () => {
  const { up, down, receive, say } = relayed();
  say('one', message('one'));
  const subs = [{ id: idsOf(up)[0], rows: [] }];
  receive({ t: 'batch', from: 1, to: 1, ops: [], subs });
  expect(down).toEqual([['one', { t: 'batch', from: 1, to: 1, ops: [], subs: [{ id: 1, rows: [] }] }]]);
});

test('[Q2] an answer is split, and who has no part in it hears nothing', () => {
  const { up, down, receive, engine, say } = relayed();
  for (const link of ['one', 'two']) say(link, { t: 'watch', id: 7, fn: link, args: null });
  const [one, two] = idsOf(up);
  receive({ t: 'answer', to: 2, answers: [{ id: two, value: 2 }] });
  expect(engine).toEqual([]);
  receive({
    t: 'answer',
    to: 3,
    answers: [
      { id: one, value: 1 },
      { id: 7, value: 7 },
    ],
  });
  expect(engine).toEqual([{ t: 'answer', to: 3, answers: [{ id: 7, value: 7 }] }]);
  expect(down).toEqual([
    ['two', { t: 'answer', to: 2, answers: [{ id: 7, value: 2 }] }],
    ['one', { t: 'answer', to: 3, answers: [{ id: 7, value: 1 }] }],
  ]);
});

test('what is ended is told to nobody: by unsubscribe, dropped, cancel, or the death of a tab', () => {
  const { relay, up, down, receive, engine, say } = relayed();
  const error = { code: 'invalid', message: 'no' };
  say('one', message('one'));
  say('one', { t: 'unsubscribe', id: 1 });
  say('one', { t: 'watch', id: 2, fn: 'f', args: null });
  const [first, , second] = idsOf(up);
  expect(up[1]).toEqual({ t: 'unsubscribe', id: first });
  receive({ t: 'dropped', id: second, error });
  expect(down).toEqual([['one', { t: 'dropped', id: 2, error }]]);
  say('one', { t: 'call', id: 3, fn: 'f', args: null });
  say('one', message('one'));
  say('one', { t: 'open', ch: 1, kind: 'k', params: null });
  const [third, fourth] = idsOf(up.slice(3));
  const { ch } = up[5] as { ch: number };
  up.length = down.length = 0;
  relay.left('one');
  expect(up).toEqual([
    { t: 'cancel', id: third },
    { t: 'unsubscribe', id: fourth },
    { t: 'close', ch },
  ]);
  const ids = [first, second, fourth];
  receive({ t: 'answer', to: 1, answers: ids.map((id) => ({ id, value: 1 })) });
  receive({ t: 'batch', from: 1, to: 1, ops: [], subs: ids.map((id) => ({ id, rows: [] })) });
  receive({ t: 'result', id: third, ok: true });
  expect(engine).toEqual([{ t: 'batch', from: 1, to: 1, ops: [] }]);
  expect(down).toEqual([]);
});

test('[S2] a follower that asks to catch up gets a copy, and its subscriptions anew under other numbers', () => {
  const { up, down, say, rows } = relayed();
  rows.set('Note', new Map([['n', { id: 'n' }]]));
  rows.set('Message', new Map([['m', { id: 'm' }]])); // of a subscription of the leader
  say('one', message('one'));
  say('one', { t: 'catchup', cursor: null });
  const [first, , second] = idsOf(up);
  expect(first).not.toBe(second);
  expect(up.slice(1)).toEqual([
    { t: 'unsubscribe', id: first },
    { ...message('one'), id: second },
  ]);
  expect(down.map(([, sent]) => sent)).toEqual([
    { t: 'reset', cursor: { epoch: 'e', seq: 1 } },
    { t: 'page', entity: 'Note', rows: [{ row_id: 'n', data: { id: 'n' } }], last: false },
    { t: 'page', entity: null, rows: [], last: true },
    { t: 'batch', from: 1, to: 1, ops: [] },
  ]);
});

test('a text that is as long as the follower was told may be is as long as the server takes', () => {
  const { relay, up, hungUp, say } = relayed();
  const call = { t: 'call', id: 1, fn: 'f', args: '' };
  const callOf = (chars: number) => ({ ...call, args: 'x'.repeat(chars) });
  const { textBytes, binaryBytes } = DEFAULT_LIMITS;
  say('one', callOf(textBytes - MORE_TEXT_BYTES - JSON.stringify(call).length));
  say('one', { t: 'open', ch: 1, kind: 'k', params: null });
  relay.sent('one', encodeFrame(1, new Uint8Array(binaryBytes - MORE_BINARY_BYTES - 1)));
  expect(up).toHaveLength(3);
  expect(hungUp).toEqual([]);
  say('two', callOf(textBytes - JSON.stringify(call).length));
  expect(up.slice(3)).toEqual([{ t: 'cancel', id: expect.any(Number) }]);
  expect(hungUp).toEqual(['two']);
});

test('what is no message of a client, or changes the identity, ends the follower, not the connection', () => {
  for (const bad of ['{', '[]', '{"t":"call","id":1}', '{"t":"auth","token":null}', Uint8Array.of()]) {
    const { relay, up, hungUp } = relayed();
    relay.sent('one', bad);
    expect(hungUp).toEqual(['one']);
    expect(up).toEqual([]);
  }
});

test('[S10] a follower that says nothing is dropped at MAX_UNANSWERED_BYTES, and at one word it is not', () => {
  const { relay, up, hungUp, say } = relayed();
  say('one', { t: 'open', ch: 1, kind: 'k', params: null });
  const { ch } = up[0] as { ch: number };
  const frame = (bytes: number) => relay.received(encodeFrame(ch, new Uint8Array(bytes)), () => {});
  const head = 1;
  frame(MAX_UNANSWERED_BYTES - head);
  frame(0);
  expect(hungUp).toEqual([]);
  say('one', { t: 'pong', time: 1 });
  frame(MAX_UNANSWERED_BYTES - head);
  frame(0);
  expect(hungUp).toEqual([]);
  frame(0);
  expect(hungUp).toEqual(['one']);
});

test('[S10] at most MAX_FOLLOWERS are served', () => {
  const { relay, hungUp } = relayed();
  for (let i = 2; i < MAX_FOLLOWERS; i++) relay.dial(`l${i}`);
  expect(hungUp).toEqual([]);
  relay.dial('one more');
  expect(hungUp).toEqual(['one more']);
});

test('what cannot be read is for the engine to complain of', () => {
  const { relay } = relayed();
  let complaints = 0;
  for (const bad of ['{', '{"t":"batch"}', Uint8Array.of()]) relay.received(bad, () => complaints++);
  expect(complaints).toBe(3);
});

test('[S2] a leader that was given a copy of another epoch gives its followers one, and those to come', () => {
  const { relay, down, receive, say } = relayed();
  const cursor = { epoch: 'f', seq: 5 };
  receive({ t: 'reset', cursor });
  receive({ t: 'page', entity: null, rows: [], last: true });
  expect(down).toEqual([]);
  receive({ t: 'batch', from: 5, to: 5, ops: [] });
  const copy = [
    { t: 'reset', cursor },
    { t: 'page', entity: null, rows: [], last: true },
    { t: 'batch', from: 5, to: 5, ops: [] },
  ];
  expect(down).toEqual(['one', 'two'].flatMap((link) => copy.map((sent) => [link, sent])));
  down.length = 0;
  relay.dial('three');
  say('three', hello);
  expect(down[0]).toEqual(['three', expect.objectContaining({ t: 'welcome', epoch: 'f' })]);
  expect(down.slice(1)).toEqual(copy.map((sent) => ['three', sent]));
});
