/** A friendly name for who has not chosen one; kept in this browser. */
import { defaultStorage } from 'ternion/client';

const KEY = 'ternion-world:name';
const FIRST = [
  'Amber',
  'Brisk',
  'Calm',
  'Clever',
  'Gentle',
  'Golden',
  'Happy',
  'Keen',
  'Lucky',
  'Merry',
  'Quiet',
  'Sunny',
];
const SECOND = [
  'Badger',
  'Finch',
  'Fox',
  'Heron',
  'Lark',
  'Lynx',
  'Otter',
  'Robin',
  'Seal',
  'Sparrow',
  'Swift',
  'Wren',
];
export const MAX_NAME_CHARS = 20;

export function keptName(): string {
  const kept = defaultStorage().getItem(KEY)?.trim();
  return kept ? kept.slice(0, MAX_NAME_CHARS) : keepName(`${any(FIRST)} ${any(SECOND)}`);
}

export function keepName(name: string): string {
  try {
    defaultStorage().setItem(KEY, name);
  } catch {
    // A full storage only means another name next time.
  }
  return name;
}

function any(words: readonly string[]): string {
  return words[Math.floor(Math.random() * words.length)]!;
}
