/** Text frames from client to server. */
import type { ClientMessage } from '../../src/protocol/client-message.ts';
import type { TextVector } from './vector.ts';

export const vectors: readonly TextVector<ClientMessage>[] = [
  {
    name: 'hello of a client without rows',
    value: { t: 'hello', protocol: 6, client: 'c1', schema: '85944171f73967e8', cursor: null },
    text: '{"t":"hello","protocol":6,"client":"c1","schema":"85944171f73967e8","cursor":null}',
  },
  {
    name: 'hello of a client that comes back',
    value: {
      t: 'hello',
      protocol: 6,
      client: 'c1',
      schema: '85944171f73967e8',
      cursor: { epoch: 'e1', seq: 41 },
    },
    text: '{"t":"hello","protocol":6,"client":"c1","schema":"85944171f73967e8","cursor":{"epoch":"e1","seq":41}}',
  },
  {
    name: 'auth',
    value: { t: 'auth', token: 'abc' },
    text: '{"t":"auth","token":"abc"}',
  },
  {
    name: 'auth that signs out',
    value: { t: 'auth', token: null },
    text: '{"t":"auth","token":null}',
  },
  {
    name: 'call of a query',
    value: { t: 'call', id: 1, fn: 'notes.list', args: {} },
    text: '{"t":"call","id":1,"fn":"notes.list","args":{}}',
  },
  {
    name: 'call of a mutation',
    value: { t: 'call', id: 2, fn: 'notes.create', args: { title: 'Hi' }, op: 'o1' },
    text: '{"t":"call","id":2,"fn":"notes.create","args":{"title":"Hi"},"op":"o1"}',
  },
  {
    name: 'cancel',
    value: { t: 'cancel', id: 1 },
    text: '{"t":"cancel","id":1}',
  },
  {
    name: 'push of one op of each kind',
    value: {
      t: 'push',
      id: 3,
      ops: [
        { op_id: 'o2', entity: 'Note', row_id: 'n1', kind: 'insert', data: { title: 'Hi' } },
        { op_id: 'o3', entity: 'Note', row_id: 'n1', kind: 'update', data: { title: 'Ho' } },
        { op_id: 'o4', entity: 'Note', row_id: 'n1', kind: 'delete' },
      ],
    },
    text:
      '{"t":"push","id":3,"ops":[' +
      '{"op_id":"o2","entity":"Note","row_id":"n1","kind":"insert","data":{"title":"Hi"}},' +
      '{"op_id":"o3","entity":"Note","row_id":"n1","kind":"update","data":{"title":"Ho"}},' +
      '{"op_id":"o4","entity":"Note","row_id":"n1","kind":"delete"}]}',
  },
  {
    name: 'watch',
    value: { t: 'watch', id: 4, fn: 'notes.list', args: { room: 'r1' } },
    text: '{"t":"watch","id":4,"fn":"notes.list","args":{"room":"r1"}}',
  },
  {
    name: 'unsubscribe',
    value: { t: 'unsubscribe', id: 4 },
    text: '{"t":"unsubscribe","id":4}',
  },
  {
    name: 'catchup after a gap',
    value: { t: 'catchup', cursor: { epoch: 'e1', seq: 41 } },
    text: '{"t":"catchup","cursor":{"epoch":"e1","seq":41}}',
  },
  {
    name: 'catchup from nothing',
    value: { t: 'catchup', cursor: null },
    text: '{"t":"catchup","cursor":null}',
  },
  {
    name: 'subscribe',
    value: {
      t: 'subscribe',
      id: 5,
      query: {
        entity: 'Message',
        where: { room: 'r1' },
        orderBy: [{ field: 'sentAt', direction: 'desc' }],
        limit: 50,
      },
    },
    text:
      '{"t":"subscribe","id":5,"query":{"entity":"Message","where":{"room":"r1"},' +
      '"orderBy":[{"field":"sentAt","direction":"desc"}],"limit":50}}',
  },
  {
    name: 'open',
    value: { t: 'open', ch: 1, kind: 'doc', params: { entity: 'Note', id: 'n1' } },
    text: '{"t":"open","ch":1,"kind":"doc","params":{"entity":"Note","id":"n1"}}',
  },
  {
    name: 'close',
    value: { t: 'close', ch: 1 },
    text: '{"t":"close","ch":1}',
  },
  {
    name: 'pong',
    value: { t: 'pong', time: 1767225600000 },
    text: '{"t":"pong","time":1767225600000}',
  },
];
