import { describe, expect, test } from 'vitest';
import { isFault } from '../../src/base/fault.ts';
import { parseJson } from '../../src/base/json.ts';
import { parseShape } from '../../src/base/shape.ts';
import { clientMessage } from '../../src/protocol/client-message.ts';
import { DEFAULT_LIMITS } from '../../src/protocol/limits.ts';
import { encodeBatch, encodePart, withParts } from '../../src/protocol/row-batch.ts';
import { pushOutcomes, serverMessage } from '../../src/protocol/server-message.ts';
import { vectors as clientVectors } from './client.vectors.ts';
import { vectors as serverVectors } from './server.vectors.ts';
import { textSuite } from './vector.ts';

textSuite('client messages', clientMessage, clientVectors);
textSuite('server messages', serverMessage, serverVectors);

test('a batch from operations that are encoded already is the same text', () => {
  const batches = serverVectors.filter(({ value }) => value.t === 'batch');
  expect(batches.length).toBeGreaterThan(0);
  for (const { value, text } of batches) {
    if (value.t !== 'batch') continue;
    const parts = (value.subs ?? []).map(({ id, rows, ops }) =>
      rows ? encodePart(id, 'rows', JSON.stringify(rows)) : encodePart(id, 'ops', JSON.stringify(ops)),
    );
    expect(encodeBatch(value.from, value.to, withParts(JSON.stringify(value.ops), parts))).toBe(text);
  }
});

test('the value of a push result is a list of outcomes', () => {
  const vector = serverVectors.find(({ name }) => name === 'result of a push');
  const value = vector?.value.t === 'result' ? vector.value.value : undefined;
  expect(parseShape(pushOutcomes, value, 'value')).toEqual(value);
});

describe('[N1] depth and size', () => {
  const limits = { maxChars: DEFAULT_LIMITS.textBytes, maxDepth: DEFAULT_LIMITS.jsonDepth };
  const outcome = (args: string) => {
    try {
      const text = `{"t":"call","id":1,"fn":"f","args":${args}}`;
      parseShape(clientMessage, parseJson(text, limits), 'message', 'bad_message');
      return 'accepted';
    } catch (error) {
      return isFault(error) ? error.code : String(error);
    }
  };
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

  test('arguments nest as deep as the limit allows, and no deeper', () => {
    expect(outcome(nested(DEFAULT_LIMITS.jsonDepth - 1))).toBe('accepted');
    expect(outcome(nested(DEFAULT_LIMITS.jsonDepth))).toBe('bad_message');
    expect(outcome(nested(100_000))).toBe('bad_message');
  });

  test('a text is as long as the limit allows, and no longer', () => {
    const frame = '{"t":"call","id":1,"fn":"f","args":""}'.length;
    expect(outcome(`"${'x'.repeat(DEFAULT_LIMITS.textBytes - frame)}"`)).toBe('accepted');
    expect(outcome(`"${'x'.repeat(DEFAULT_LIMITS.textBytes - frame + 1)}"`)).toBe('too_large');
  });

  test('prototypes stay clean', () => {
    outcome('{"__proto__":{"polluted":1}}');
    outcome('{"constructor":{"prototype":{"polluted":1}}}');
    expect({}).not.toHaveProperty('polluted');
  });
});
