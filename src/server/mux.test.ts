import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeFrame } from '../protocol/frame.ts';
import { NotesServer } from './testing/notes-server.ts';

let server: NotesServer;
beforeEach(async () => {
  server = new NotesServer();
  await server.start();
});
afterEach(() => server.remove());

describe('channels', () => {
  test('open, speak, close, and the number is free again', async () => {
    const client = await server.ready();
    for (const params of ['first', 'second']) {
      await client.say({ t: 'open', ch: 3, kind: 'echo', params });
      expect(client.last('opened')).toEqual({ t: 'opened', ch: 3, info: { params } });
      await client.say(encodeFrame(3, new Uint8Array([1, 2])));
      expect(client.frames.at(-1)).toEqual({ channel: 3, payload: [1, 2] });
      await client.say({ t: 'close', ch: 3 });
    }
    expect(server.closedChannels).toEqual(['"first"', '"second"']);
    await client.say(encodeFrame(3, new Uint8Array([1])));
    expect([client.frames.length, client.closed]).toEqual([2, undefined]);
  });

  test.each([
    ['refuse', 'echo', 'forbidden'],
    ['x', 'nothing', 'not_found'],
  ])('a refusal closes the channel alone: %s %s', async (params, kind, code) => {
    const client = await server.ready();
    await client.say({ t: 'open', ch: 1, kind, params });
    expect(client.last('closed')).toMatchObject({ ch: 1, code });
    await client.say({ t: 'open', ch: 1, kind: 'echo', params: 'x' });
    expect(client.last('opened')).toBeDefined();
  });

  test.each([
    [0xff, 'bad_message'],
    [0xfe, 'internal'],
  ])('[N1] a channel that fails on a frame (%i) ends alone with %s', async (byte, code) => {
    const client = await server.ready();
    await client.say({ t: 'open', ch: 1, kind: 'echo', params: 1 });
    await client.say({ t: 'open', ch: 2, kind: 'echo', params: 2 });
    await client.say(encodeFrame(1, new Uint8Array([byte])));
    expect(client.last('closed')).toMatchObject({ ch: 1, code });
    await client.say(encodeFrame(2, new Uint8Array([5])));
    expect(client.frames).toEqual([{ channel: 2, payload: [5] }]);
    expect(server.closedChannels).toEqual(['1']);
  });

  test('[N3] channels are limited', async () => {
    await server.start({ limits: { channels: 2 } });
    const client = await server.ready();
    for (const ch of [1, 2, 3]) await client.say({ t: 'open', ch, kind: 'echo', params: ch });
    expect(client.last('closed')).toMatchObject({ ch: 3, code: 'overloaded' });
    expect(client.closed).toBeUndefined();
  });

  test('opening a number twice is a broken client', async () => {
    const client = await server.ready();
    await client.say({ t: 'open', ch: 1, kind: 'echo', params: 1 });
    await client.say({ t: 'open', ch: 1, kind: 'echo', params: 1 });
    expect(client.closed?.code).toBe(4400);
  });

  test('a lost connection closes its channels', async () => {
    const client = await server.ready();
    await client.say({ t: 'open', ch: 1, kind: 'echo', params: 1 });
    client.link.cut();
    expect(server.closedChannels).toEqual(['1']);
  });
});
