/** How people are shown: a name and a colour, both from what the server says of them. */
export interface Person {
  readonly key: number;
  readonly userId: string | null;
  readonly name: string | null;
}

export const COLORS = 8;

export function nameOf({ name }: Person): string {
  return name ?? 'Somebody';
}

/** The same person has the same colour in every editor and on every page. The colours are in people.css. */
export function colorClass({ userId, key }: Person): string {
  let hash = 0;
  for (const char of userId ?? `${key}`) hash = (hash * 31 + char.codePointAt(0)!) >>> 0;
  return `person-${hash % COLORS}`;
}
