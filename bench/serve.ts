/**
 * A server as a process of its own, the inner side: tells the benchmark its url, then what it has used whenever it is asked,
 * and ends with the benchmark. The outer side is child-server.ts.
 */

export interface Usage {
  /** User and system time of the whole process since its start. */
  readonly cpuUs: number;
  /** Of that, what the main thread took: the loop that all requests share. */
  readonly loopUs: number;
  /** After garbage collections when the process may make them. */
  readonly rss: number;
  /** What this server measures besides. */
  readonly more: Readonly<Record<string, number>>;
}

/** For buffers and timers to come to rest before memory is read. */
const REST_MS = 200;

/** `more` is asked whenever the benchmark asks. */
export function serve(
  url: string,
  close: () => Promise<unknown> = async () => {},
  more: () => Record<string, number> = () => ({}),
): void {
  const end = () => void close().finally(() => process.exit(0));
  process.on('disconnect', end);
  process.on('SIGTERM', end);
  process.on('message', async () => {
    for (let i = 0; globalThis.gc && i < 3; i++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
    }
    const [all, loop] = [process.cpuUsage(), process.threadCpuUsage()];
    const usage: Usage = {
      cpuUs: all.user + all.system,
      loopUs: loop.user + loop.system,
      rss: process.memoryUsage.rss(),
      more: more(),
    };
    process.send?.(usage);
  });
  process.send?.({ url });
}

/** The JSON that the benchmark handed over. */
export function serveOptions<T>(): T {
  return JSON.parse(process.argv[2] ?? '{}');
}
