/** The payloads of a document channel. `aabb` stands for what Loro made. */
import type { DocDown } from '../../crdt/core/down-frame.ts';
import { type DocUp, NO_WANTS } from '../../crdt/core/up-frame.ts';
import { type BinaryVector, unhex } from './vector.ts';

const NONE = new Uint8Array();
const BYTES = unhex('aabb');
/** Loro's version vector of 3 operations of peer 7. */
const VV = unhex('010706');

export const up: readonly BinaryVector<DocUp>[] = [
  {
    name: 'join of a new page: lease 0, no epoch, an empty vv',
    value: { kind: 'join', lease: 0n, wants: NO_WANTS, epoch: '', vv: unhex('00') },
    hex: '01 0000000000000000 00 00 01 00',
  },
  {
    name: 'join of one that comes back: lease 7, epoch "e1.d1", vv `010706`',
    value: { kind: 'join', lease: 7n, wants: NO_WANTS, epoch: 'e1.d1', vv: VV },
    hex: '01 0700000000000000 00 05 65312e6431 03 010706',
  },
  {
    name: 'join of a new page that wants a shallow snapshot',
    value: { kind: 'join', lease: 0n, wants: { lazy: true, spare: false }, epoch: '', vv: unhex('00') },
    hex: '01 0000000000000000 01 00 01 00',
  },
  {
    name: 'join of a new page that wants a spare peer id',
    value: { kind: 'join', lease: 0n, wants: { lazy: false, spare: true }, epoch: '', vv: unhex('00') },
    hex: '01 0000000000000000 02 00 01 00',
  },
  { name: 'push 1, `aabb`', value: { kind: 'push', n: 1, bytes: BYTES }, hex: '02 01 aabb' },
  { name: 'push 300 without bytes', value: { kind: 'push', n: 300, bytes: NONE }, hex: '02 ac02' },
  { name: 'resync, vv `010706`', value: { kind: 'resync', vv: VV }, hex: '03 03 010706' },
  {
    name: 'awareness, state `{"at":3}`',
    value: { kind: 'awareness', state: '{"at":3}' },
    hex: '04 08 7b226174223a337d',
  },
  { name: 'awareness that is taken back', value: { kind: 'awareness', state: '' }, hex: '04 00' },
  {
    name: 'fragment of stream 1, the last 2 of 65538 bytes',
    value: { kind: 'fragment', stream: 1, total: 65538, offset: 65536, bytes: BYTES },
    hex: '05 01 828004 808004 aabb',
  },
  {
    name: 'ask 1, `{"t":"names"}`',
    value: { kind: 'ask', id: 1, json: '{"t":"names"}' },
    hex: '06 01 0d 7b2274223a226e616d6573227d',
  },
];

export const down: readonly BinaryVector<DocDown>[] = [
  {
    name: 'joined to read, rev 0, nothing to send',
    value: {
      kind: 'joined',
      permission: 'read',
      epoch: 'e1.d1',
      rev: 0,
      peer: 0n,
      spare: 0n,
      vv: unhex('00'),
      mode: 'none',
      bytes: NONE,
      tail: NONE,
    },
    hex: '11 00 05 65312e6431 00 0000000000000000 0000000000000000 01 00 00 00',
  },
  {
    name: 'joined to write as peer 9, rev 300, delta `aabb`',
    value: {
      kind: 'joined',
      permission: 'write',
      epoch: 'e1.d1',
      rev: 300,
      peer: 9n,
      spare: 0n,
      vv: VV,
      mode: 'delta',
      bytes: BYTES,
      tail: NONE,
    },
    hex: '11 01 05 65312e6431 ac02 0900000000000000 0000000000000000 03 010706 01 02 aabb',
  },
  {
    name: 'joined to write as peer 9, rev 300, snapshot `aabb`, tail `cc`',
    value: {
      kind: 'joined',
      permission: 'write',
      epoch: 'e1.d1',
      rev: 300,
      peer: 9n,
      spare: 0n,
      vv: VV,
      mode: 'snapshot',
      bytes: BYTES,
      tail: unhex('cc'),
    },
    hex: '11 01 05 65312e6431 ac02 0900000000000000 0000000000000000 03 010706 02 02 aabb cc',
  },
  {
    name: 'joined to write as the last peer, rev 1, reset `aabb`',
    value: {
      kind: 'joined',
      permission: 'write',
      epoch: 'e1.d2',
      rev: 1,
      peer: 2n ** 64n - 2n,
      spare: 0n,
      vv: VV,
      mode: 'reset',
      bytes: BYTES,
      tail: NONE,
    },
    hex: '11 01 05 65312e6432 01 feffffffffffffff 0000000000000000 03 010706 03 02 aabb',
  },
  {
    name: 'joined to write as peer 9 with 10 to spare, rev 300, shallow `aabb`, tail `cc`',
    value: {
      kind: 'joined',
      permission: 'write',
      epoch: 'e1.d1',
      rev: 300,
      peer: 9n,
      spare: 10n,
      vv: VV,
      mode: 'shallow',
      bytes: BYTES,
      tail: unhex('cc'),
    },
    hex: '11 01 05 65312e6431 ac02 0900000000000000 0a00000000000000 03 010706 04 02 aabb cc',
  },
  {
    name: 'update 301, `aabb`',
    value: { kind: 'update', rev: 301, revs: 1, bytes: BYTES },
    hex: '12 ad02 01 aabb',
  },
  {
    name: 'updates 302 to 601 without bytes',
    value: { kind: 'update', rev: 601, revs: 300, bytes: NONE },
    hex: '12 d904 ac02',
  },
  { name: 'ack 300, received', value: { kind: 'ack', n: 300, level: 'received' }, hex: '13 ac02 00' },
  { name: 'ack 300, durable', value: { kind: 'ack', n: 300, level: 'durable' }, hex: '13 ac02 01' },
  {
    name: 'refuse 1, invalid, never',
    value: { kind: 'refuse', n: 1, code: 'invalid', retry: 'never' },
    hex: '14 01 07 696e76616c6964 00',
  },
  {
    name: 'refuse 2, stale_cursor, now',
    value: { kind: 'refuse', n: 2, code: 'stale_cursor', retry: 'now' },
    hex: '14 02 0c 7374616c655f637572736f72 01',
  },
  {
    name: 'refuse 3, unauthorized, after_auth',
    value: { kind: 'refuse', n: 3, code: 'unauthorized', retry: 'after_auth' },
    hex: '14 03 0c 756e617574686f72697a6564 02',
  },
  {
    name: 'refuse 4, overloaded, backoff',
    value: { kind: 'refuse', n: 4, code: 'overloaded', retry: 'backoff' },
    hex: '14 04 0a 6f7665726c6f61646564 03',
  },
  { name: 'lagging', value: { kind: 'lagging' }, hex: '15' },
  { name: 'permission to read', value: { kind: 'permission', permission: 'read' }, hex: '16 00' },
  { name: 'permission to write', value: { kind: 'permission', permission: 'write' }, hex: '16 01' },
  {
    name: 'awareness: key 1 of user "u1", "Ada", shows `{"at":3}`; key 300 of nobody is gone',
    value: {
      kind: 'awareness',
      states: [
        { key: 1, userId: 'u1', name: 'Ada', state: '{"at":3}' },
        { key: 300, userId: null, name: null, state: '' },
      ],
    },
    hex: '17 02 01 01 02 7531 01 03 416461 08 7b226174223a337d ac02 00 00 00',
  },
  { name: 'awareness: those who are there follow', value: { kind: 'awareness', states: [] }, hex: '17 00' },
  {
    name: 'fragment of stream 2, the last 2 of 65538 bytes',
    value: { kind: 'fragment', stream: 2, total: 65538, offset: 65536, bytes: BYTES },
    hex: '18 02 828004 808004 aabb',
  },
  {
    name: 'told 300, `[]`',
    value: { kind: 'told', id: 300, ok: true, json: '[]' },
    hex: '19 ac02 01 02 5b5d',
  },
  {
    name: 'told 2, refused',
    value: { kind: 'told', id: 2, ok: false, json: '{"code":"invalid","message":"no"}' },
    hex: '19 02 00 21 7b22636f6465223a22696e76616c6964222c226d657373616765223a226e6f227d',
  },
];

export const vectors = [...up, ...down];
