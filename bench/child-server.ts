/** A server as a process of its own, the outer side: started, asked what it uses, ended. Its inner side is serve.ts. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Usage } from './serve.ts';

const START_MS = 30_000;
const ANSWER_MS = 30_000;
const END_MS = 10_000;

export class ChildServer {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  /** `nodeArgs` are Node's own. */
  static async start(file: string, options: object, nodeArgs: readonly string[] = []): Promise<ChildServer> {
    const execArgv = ['--conditions=ternion-source', ...nodeArgs];
    const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const;
    const child = fork(file, [JSON.stringify(options)], { execArgv, stdio: [...stdio] });
    try {
      const { url } = await answer<{ url: string }>(child, START_MS);
      return new ChildServer(child, url);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  usage(): Promise<Usage> {
    const told = answer<Usage>(this.#child, ANSWER_MS);
    this.#child.send('usage');
    return told;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit', { signal: AbortSignal.timeout(END_MS) });
    this.#child.kill('SIGTERM');
    await ended.catch(() => this.#child.kill('SIGKILL'));
  }
}

/** The next message; rejects when there is none in time or the process ends. */
async function answer<T>(child: ChildProcess, timeoutMs: number): Promise<T> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new Error('the server does not answer')), timeoutMs);
  const ended = once(child, 'exit', { signal: abort.signal }).then(([code]) => {
    throw new Error(`the server ended with ${code}`);
  });
  ended.catch(() => {});
  try {
    const [message] = await Promise.race([once(child, 'message', { signal: abort.signal }), ended]);
    return message;
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}
