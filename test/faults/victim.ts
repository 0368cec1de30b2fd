/** A real server process on files of its own, to be killed and started again on the same port. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export class Victim {
  readonly #database: string;
  #child: ChildProcess | undefined;
  #port = 0;

  constructor(database: string) {
    this.#database = database;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    const file = fileURLToPath(new URL('./server.ts', import.meta.url));
    const execArgv = ['--conditions=ternion-source'];
    this.#child = fork(file, [String(this.#port), this.#database], { execArgv });
    [this.#port] = await once(this.#child, 'message');
  }

  /** Resolves with the exit code, null for a process that died of the signal. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const dead = once(this.#child!, 'exit');
    this.#child!.kill(signal);
    const [code] = await dead;
    return code;
  }
}
