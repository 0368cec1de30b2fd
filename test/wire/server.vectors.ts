/** Text frames from server to client. */
import type { ServerMessage } from '../../src/protocol/server-message.ts';
import type { TextVector } from './vector.ts';

export const vectors: readonly TextVector<ServerMessage>[] = [
  {
    name: 'welcome',
    value: {
      t: 'welcome',
      session: { userId: 'u1', kind: 'guest', roles: [], name: 'Ada' },
      epoch: 'e1',
      seq: 42,
      limits: {
        textBytes: 1048576,
        binaryBytes: 1048576,
        jsonDepth: 32,
        channels: 64,
        pushOps: 256,
        callsInFlight: 1000,
        subscriptions: 200,
        pingMs: 15000,
      },
      queried: ['Message'],
      time: 1767225600000,
    },
    text:
      '{"t":"welcome","session":{"userId":"u1","kind":"guest","roles":[],"name":"Ada"},"epoch":"e1","seq":42,' +
      '"limits":{"textBytes":1048576,"binaryBytes":1048576,"jsonDepth":32,"channels":64,"pushOps":256,' +
      '"callsInFlight":1000,"subscriptions":200,"pingMs":15000},"queried":["Message"],"time":1767225600000}',
  },
  {
    name: 'session',
    value: { t: 'session', session: { userId: null, kind: 'anonymous', roles: [], name: null } },
    text: '{"t":"session","session":{"userId":null,"kind":"anonymous","roles":[],"name":null}}',
  },
  {
    name: 'batch without a visible change',
    value: { t: 'batch', from: 41, to: 42, ops: [] },
    text: '{"t":"batch","from":41,"to":42,"ops":[]}',
  },
  {
    name: 'batch of one op of each kind',
    value: {
      t: 'batch',
      from: 42,
      to: 44,
      ops: [
        {
          seq: 43,
          entity: 'Note',
          row_id: 'n1',
          kind: 'insert',
          data: { title: 'Hi' },
          timestamp: 1767225600000,
        },
        {
          seq: 44,
          entity: 'Note',
          row_id: 'n2',
          kind: 'update',
          data: { title: 'Ho' },
          timestamp: 1767225600005,
        },
        { seq: 44, entity: 'Note', row_id: 'n3', kind: 'delete', timestamp: 1767225600005 },
      ],
    },
    text:
      '{"t":"batch","from":42,"to":44,"ops":[' +
      '{"seq":43,"entity":"Note","row_id":"n1","kind":"insert","data":{"title":"Hi"},"timestamp":1767225600000},' +
      '{"seq":44,"entity":"Note","row_id":"n2","kind":"update","data":{"title":"Ho"},"timestamp":1767225600005},' +
      '{"seq":44,"entity":"Note","row_id":"n3","kind":"delete","timestamp":1767225600005}]}',
  },
  {
    name: 'batch with the first rows of a subscription',
    value: {
      t: 'batch',
      from: 44,
      to: 44,
      ops: [],
      subs: [{ id: 5, rows: [{ row_id: 'm1', data: { text: 'Hi' } }] }],
    },
    text: '{"t":"batch","from":44,"to":44,"ops":[],"subs":[{"id":5,"rows":[{"row_id":"m1","data":{"text":"Hi"}}]}]}',
  },
  {
    name: 'batch with changes of a subscription',
    value: {
      t: 'batch',
      from: 44,
      to: 45,
      ops: [],
      subs: [
        {
          id: 5,
          ops: [{ seq: 45, entity: 'Message', row_id: 'm1', kind: 'delete', timestamp: 1767225600009 }],
        },
      ],
    },
    text:
      '{"t":"batch","from":44,"to":45,"ops":[],"subs":[{"id":5,"ops":[' +
      '{"seq":45,"entity":"Message","row_id":"m1","kind":"delete","timestamp":1767225600009}]}]}',
  },
  {
    name: 'dropped',
    value: { t: 'dropped', id: 5, error: { code: 'not_found', message: 'no entity "Massage"' } },
    text: '{"t":"dropped","id":5,"error":{"code":"not_found","message":"no entity \\"Massage\\""}}',
  },
  {
    name: 'reset',
    value: { t: 'reset', cursor: { epoch: 'e2', seq: 44 } },
    text: '{"t":"reset","cursor":{"epoch":"e2","seq":44}}',
  },
  {
    name: 'page',
    value: { t: 'page', entity: 'Note', rows: [{ row_id: 'n1', data: { title: 'Hi' } }], last: false },
    text: '{"t":"page","entity":"Note","rows":[{"row_id":"n1","data":{"title":"Hi"}}],"last":false}',
  },
  {
    name: 'page that ends the copy',
    value: { t: 'page', entity: null, rows: [], last: true },
    text: '{"t":"page","entity":null,"rows":[],"last":true}',
  },
  {
    name: 'result of a query',
    value: { t: 'result', id: 1, ok: true, value: [] },
    text: '{"t":"result","id":1,"ok":true,"value":[]}',
  },
  {
    name: 'stream',
    value: { t: 'stream', id: 2, data: { line: 'Hel' } },
    text: '{"t":"stream","id":2,"data":{"line":"Hel"}}',
  },
  {
    name: 'result of a mutation that wrote',
    value: { t: 'result', id: 2, ok: true, value: { id: 'n1' }, seq: 43 },
    text: '{"t":"result","id":2,"ok":true,"value":{"id":"n1"},"seq":43}',
  },
  {
    name: 'result of a push',
    value: {
      t: 'result',
      id: 3,
      ok: true,
      value: [
        { op_id: 'o2', ok: true, seq: 44 },
        { op_id: 'o3', ok: true },
        { op_id: 'o4', ok: false, error: { code: 'forbidden', message: 'not yours' } },
      ],
    },
    text:
      '{"t":"result","id":3,"ok":true,"value":[{"op_id":"o2","ok":true,"seq":44},{"op_id":"o3","ok":true},' +
      '{"op_id":"o4","ok":false,"error":{"code":"forbidden","message":"not yours"}}]}',
  },
  {
    name: 'result that is a fault',
    value: {
      t: 'result',
      id: 4,
      ok: false,
      error: { code: 'invalid', message: 'args.title must be a string', data: { path: 'args.title' } },
    },
    text:
      '{"t":"result","id":4,"ok":false,"error":{"code":"invalid","message":"args.title must be a string",' +
      '"data":{"path":"args.title"}}}',
  },
  {
    name: 'answer of two queries',
    value: {
      t: 'answer',
      to: 44,
      answers: [
        {
          id: 4,
          value: [
            { id: 'n1', title: 'Hi' },
            { id: 'n2', title: 'Ho' },
          ],
        },
        { id: 5, value: 2 },
      ],
    },
    text: '{"t":"answer","to":44,"answers":[{"id":4,"value":[{"id":"n1","title":"Hi"},{"id":"n2","title":"Ho"}]},{"id":5,"value":2}]}',
  },
  {
    name: 'answer of what changed',
    value: {
      t: 'answer',
      to: 46,
      answers: [
        {
          id: 4,
          patch: {
            a: [[1, 1], { i: 0, p: { o: { title: { v: 'Hey' } }, d: ['draft'] } }, { v: [{ id: 'n3' }] }],
          },
        },
        { id: 5, error: { code: 'not_found', message: 'no room r1' } },
      ],
    },
    text: '{"t":"answer","to":46,"answers":[{"id":4,"patch":{"a":[[1,1],{"i":0,"p":{"o":{"title":{"v":"Hey"}},"d":["draft"]}},{"v":[{"id":"n3"}]}]}},{"id":5,"error":{"code":"not_found","message":"no room r1"}}]}',
  },
  {
    name: 'dropped watch',
    value: { t: 'dropped', id: 4, error: { code: 'forbidden', message: 'not allowed' } },
    text: '{"t":"dropped","id":4,"error":{"code":"forbidden","message":"not allowed"}}',
  },
  {
    name: 'opened',
    value: { t: 'opened', ch: 1, info: null },
    text: '{"t":"opened","ch":1,"info":null}',
  },
  {
    name: 'closed',
    value: { t: 'closed', ch: 1, code: 'not_found', message: 'no note n1' },
    text: '{"t":"closed","ch":1,"code":"not_found","message":"no note n1"}',
  },
  {
    name: 'ping',
    value: { t: 'ping', time: 1767225600000 },
    text: '{"t":"ping","time":1767225600000}',
  },
  {
    name: 'moving',
    value: { t: 'moving', after_ms: 5000 },
    text: '{"t":"moving","after_ms":5000}',
  },
  {
    name: 'fault',
    value: { t: 'fault', code: 'bad_message', message: 'text is not JSON' },
    text: '{"t":"fault","code":"bad_message","message":"text is not JSON"}',
  },
];
