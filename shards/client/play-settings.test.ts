import { expect, test } from 'vitest';
import { DEFAULT_PLAY_SETTINGS, type PlaySettings, resolvePlay } from './play-settings.ts';

test('what is left out has its default', () => {
  expect(resolvePlay()).toEqual(DEFAULT_PLAY_SETTINGS);
  expect(resolvePlay({ extrapolateMs: 0 })).toEqual({ ...DEFAULT_PLAY_SETTINGS, extrapolateMs: 0 });
});

test.each<[keyof PlaySettings, Partial<PlaySettings>, Partial<PlaySettings>]>([
  ['minDelayMs', { minDelayMs: 250 }, { minDelayMs: 251 }],
  ['minDelayMs', { minDelayMs: 0 }, { minDelayMs: -1 }],
  ['maxDelayMs', { maxDelayMs: 2000 }, { maxDelayMs: 2001 }],
  ['extrapolateMs', { extrapolateMs: 2000 }, { extrapolateMs: 2001 }],
  ['extrapolateMs', { extrapolateMs: 0 }, { extrapolateMs: -1 }],
  ['correctionMs', { correctionMs: 1 }, { correctionMs: 0 }],
  ['predictedSpawns', { predictedSpawns: 1024 }, { predictedSpawns: 1025 }],
  ['predictedSpawns', { predictedSpawns: 0 }, { predictedSpawns: 0.5 }],
])('[N3] %s: %o is taken, %o is not', (name, good, bad) => {
  expect(resolvePlay(good)).toMatchObject(good);
  expect(() => resolvePlay(bad)).toThrow(name);
});
