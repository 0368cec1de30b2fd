/**
 * The table of rooms in docs/architecture.md: who may import whom, and where a room runs.
 * Two fenced blocks are read, ```text rooms and ```text platforms; lines are `room ... -> room ...`.
 */

export type Platform = 'free' | 'browser' | 'node';

export interface Rooms {
  /** Room -> the rooms that it may import besides itself. */
  readonly allowed: ReadonlyMap<string, ReadonlySet<string>>;
  readonly platforms: ReadonlyMap<string, Platform>;
}

/** Throws an Error that names the line when the table contradicts itself. */
export function parseRooms(markdown: string): Rooms {
  const allowed = new Map<string, ReadonlySet<string>>();
  for (const [names, targets] of arrows(block(markdown, 'rooms'))) {
    for (const name of names) {
      if (allowed.has(name)) throw new Error(`the room ${name} has two lines`);
      allowed.set(name, new Set(targets));
    }
  }
  for (const [name, targets] of allowed) {
    for (const target of targets)
      if (!allowed.has(target)) throw new Error(`${name} -> ${target}: no such room`);
  }
  const platforms = new Map<string, Platform>();
  for (const [[platform], targets] of arrows(block(markdown, 'platforms'))) {
    if (platform !== 'free' && platform !== 'browser') throw new Error(`no such platform: ${platform}`);
    for (const target of targets) {
      if (!allowed.has(target)) throw new Error(`${platform} -> ${target}: no such room`);
      platforms.set(target, platform);
    }
  }
  for (const room of allowed.keys()) if (!platforms.has(room)) platforms.set(room, 'node');
  return { allowed, platforms };
}

/**
 * The room of a file, or undefined when the table has none. `src/` is not part of a room's name; a file
 * right below `src/` is a room of its own; the longest name wins (`studio/ui` before `studio`).
 */
export function roomOf(path: string, rooms: Rooms): string | undefined {
  const inside = path.replace(/^src\//, '').replace(/\.tsx?$/, '');
  const parts = inside.split('/');
  for (let length = parts.length; length > 0; length--) {
    const name = parts.slice(0, length).join('/');
    if (length < parts.length || parts.length === 1) if (rooms.allowed.has(name)) return name;
  }
  return undefined;
}

function block(markdown: string, name: string): string {
  const match = new RegExp(`^\`\`\`text ${name}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(markdown);
  if (!match) throw new Error(`no block \`\`\`text ${name}`);
  return match[1]!;
}

function arrows(text: string): [string[], string[]][] {
  const words = (part: string) => part.split(/\s+/).filter((word) => word !== '');
  return text.split('\n').flatMap((line): [string[], string[]][] => {
    if (line.trim() === '') return [];
    const [left, right, more] = line.split('->');
    if (right === undefined || more !== undefined) throw new Error(`not "room -> rooms": ${line}`);
    return [[words(left!), words(right)]];
  });
}
