/** Zero as a peer: its server is a child process, started when first needed (peers/zero/start.js). */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, 'zero');
const START_MS = 120_000;
const END_MS = 15_000;

export function zeroInstalled(): boolean {
  return existsSync(join(FOLDER, 'node_modules/@rocicorp/zero'));
}

export class ZeroPeer {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  /** With so many items. */
  static async start(rows: number): Promise<ZeroPeer> {
    const child = fork(join(FOLDER, 'start.js'), [JSON.stringify({ rows })], { stdio: 'inherit' });
    const failed = once(child, 'exit').then(([code]) => {
      throw new Error(`Zero's server ended with ${code}`);
    });
    const late = AbortSignal.timeout(START_MS);
    const ready = once(child, 'message', { signal: late }).catch((error) => {
      child.kill();
      throw error;
    });
    const [{ url }] = (await Promise.race([ready, failed])) as [{ url: string }];
    failed.catch(() => {}); // what a later run meets then says so itself
    return new ZeroPeer(child, url);
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit', { signal: AbortSignal.timeout(END_MS) });
    this.#child.kill('SIGTERM');
    await ended.catch(() => this.#child.kill('SIGKILL'));
  }
}
