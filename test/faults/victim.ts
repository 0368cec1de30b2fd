/** A real server process on files of its own, to be killed and started again on the same port. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export class Victim {
  readonly #database: string;
  readonly #file: string;
  readonly #more: readonly string[];
  #child: ChildProcess | undefined;
  #port = 0;
  /** What the process has said beside its port when it began. */
  told: unknown;

  /** `more` are further arguments of the process. */
  constructor(database: string, file = './server.ts', more: readonly string[] = []) {
    this.#database = database;
    this.#file = file;
    this.#more = more;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    const file = fileURLToPath(new URL(this.#file, import.meta.url));
    const execArgv = ['--conditions=ternion-source'];
    this.#child = fork(file, [String(this.#port), this.#database, ...this.#more], { execArgv });
    const [port, told] = await once(this.#child, 'message').then(([said]) =>
      Array.isArray(said) ? said : [said],
    );
    this.#port = port;
    this.told = told;
  }

  /** Resolves with the exit code, null for a process that died of the signal. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const dead = once(this.#child!, 'exit');
    this.#child!.kill(signal);
    const [code] = await dead;
    return code;
  }
}
