import { expect, test } from 'vitest';
import {
  type AckLevel,
  type DocDown,
  decodeDown,
  encodeDown,
  type JoinKind,
  type Permission,
} from '../../crdt/core/down-frame.ts';
import { type DocUp, decodeUp, encodeUp } from '../../crdt/core/up-frame.ts';
import { decodeVersions } from '../../crdt/core/versions.ts';
import type { Retry } from '../../src/base/codes.ts';
import { down, up } from './docs.vectors.ts';
import { binarySuite, type Codec, kindsOf, noOtherKinds } from './vector.ts';

const upCodec: Codec<DocUp> = { encode: encodeUp, decode: decodeUp };
const downCodec: Codec<DocDown> = {
  encode: encodeDown,
  decode: decodeDown,
  // A code that this version does not know reads as `internal`.
  manyForms: (frame) => frame.kind === 'refuse' && frame.code === 'internal',
};

binarySuite('document payloads from clients', upCodec, up);
binarySuite('document payloads from servers', downCodec, down);

test('every kind has a vector, and no other is read', () => {
  const upKinds: Record<DocUp['kind'], number> = {
    join: 0x01,
    push: 0x02,
    resync: 0x03,
    awareness: 0x04,
    fragment: 0x05,
    ask: 0x06,
  };
  const downKinds: Record<DocDown['kind'], number> = {
    joined: 0x11,
    update: 0x12,
    ack: 0x13,
    refuse: 0x14,
    lagging: 0x15,
    permission: 0x16,
    awareness: 0x17,
    fragment: 0x18,
    told: 0x19,
  };
  expect(kindsOf(up)).toEqual(upKinds);
  expect(kindsOf(down)).toEqual(downKinds);
  noOtherKinds(upCodec, up);
  noOtherKinds(downCodec, down);
});

/** All that frames of one kind say in one of their fields. */
function said<K extends DocDown['kind'], R>(
  kind: K,
  field: (frame: Extract<DocDown, { kind: K }>) => R,
): R[] {
  const isKind = (frame: DocDown): frame is Extract<DocDown, { kind: K }> => frame.kind === kind;
  const frames: readonly DocDown[] = down.map(({ value }) => value);
  return [...new Set(frames.filter(isKind).map(field))].sort();
}

test('every choice has a vector', () => {
  const permissions: Record<Permission, true> = { read: true, write: true };
  const modes: Record<JoinKind, true> = {
    delta: true,
    none: true,
    reset: true,
    shallow: true,
    snapshot: true,
  };
  const levels: Record<AckLevel, true> = { durable: true, received: true };
  const retries: Record<Retry, true> = { after_auth: true, backoff: true, never: true, now: true };
  expect(said('permission', ({ permission }) => permission)).toEqual(Object.keys(permissions));
  expect(said('joined', ({ permission }) => permission)).toEqual(Object.keys(permissions));
  expect(said('joined', ({ mode }) => mode)).toEqual(Object.keys(modes));
  expect(said('ack', ({ level }) => level)).toEqual(Object.keys(levels));
  expect(said('refuse', ({ retry }) => retry)).toEqual(Object.keys(retries));
});

test('the version vectors shown are those of Loro', () => {
  const shown = [...up, ...down].flatMap(({ value }) => ('vv' in value ? [decodeVersions(value.vv)] : []));
  expect(new Set(shown.map((versions) => JSON.stringify([...versions])))).toEqual(
    new Set(['[]', '[["7",3]]']),
  );
});
