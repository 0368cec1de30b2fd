import { expect, test } from 'vitest';
import { decodeFrame, encodeFrame } from '../protocol/frame.ts';
import { DEFAULT_LIMITS } from '../protocol/limits.ts';
import { PROTOCOL } from '../protocol/version.ts';
import { simEnv } from '../testing/sim-env.ts';
import { TabRelay } from './tab-relay.ts';

const session = { userId: 'ann', kind: 'user', roles: [], name: null };
const welcome = { t: 'welcome', session, epoch: 'e', seq: 1, limits: DEFAULT_LIMITS, queried: ['Message'], time: 0 };
const hello = { t: 'hello', protocol: PROTOCOL, client: 'c', schema: '', cursor: null };

function relayed() {
  const up: unknown[] = [];
  const down: [string, unknown][] = [];
  const hungUp: string[] = [];
  const read = (data: string | Uint8Array) =>
    typeof data === 'string' ? JSON.parse(data) : decodeFrame(data);
  const relay = new TabRelay(simEnv(1), {
    rows: { cursor: { epoch: 'e', seq: 1 }, entities: () => [] },
    up: (data) => up.push(read(data)),
    down: (link, data) => down.push([link, read(data)]),
    open: () => {},
    hangup: (link) => hungUp.push(link),
  });
  let own = 0;
  const receive = (message: object) => relay.received(JSON.stringify(message), () => own++);
  receive(welcome);
  for (const link of ['one', 'two']) {
    relay.dial(link);
    relay.sent(link, JSON.stringify(hello));
  }
  down.length = 0;
  return { relay, up, down, hungUp, receive, own: () => own };
}

test('equal numbers of two followers do not meet, nor those of the leader', () => {
  const { relay, up, down, receive, own } = relayed();
  for (const link of ['one', 'two'])
    relay.sent(link, JSON.stringify({ t: 'call', id: 1, fn: link, args: null }));
  const [one, two] = up as { id: number }[];
  receive({ t: 'result', id: two!.id, ok: true, value: 2 });
  receive({ t: 'result', id: one!.id, ok: true, value: 1 });
  expect(down).toEqual([
    ['two', { t: 'result', id: 1, ok: true, value: 2 }],
    ['one', { t: 'result', id: 1, ok: true, value: 1 }],
  ]);
  const before = own();
  receive({ t: 'result', id: 1, ok: true });
  expect(own()).toBe(before + 1);
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
