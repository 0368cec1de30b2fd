/** A few small texts that survive a reload: the last session, a guest's token. localStorage has this shape. */
export interface KeyValueStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** Lives as long as the page; every change is handed to `write`, as for a host that stores by itself. */
export function createWriteThroughStorage(
  seed: Readonly<Record<string, string>> = {},
  write: (items: Readonly<Record<string, string>>) => void = () => {},
): KeyValueStorage {
  const items = new Map(Object.entries(seed));
  const save = () => write(Object.fromEntries(items));
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => {
      items.set(key, value);
      save();
    },
    removeItem: (key) => {
      if (items.delete(key)) save();
    },
  };
}
