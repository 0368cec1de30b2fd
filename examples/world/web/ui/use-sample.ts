/** A value that is read now and then instead of being announced, such as a frame rate. */
import { useEffect, useState } from 'react';

export function useSample<T>(read: () => T, everyMs: number): T {
  const [value, setValue] = useState(read);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `read` is another function at each render
  useEffect(() => {
    const timer = setInterval(() => setValue(read()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return value;
}
