/** `npm start <example>` as a child process on a free port and a database of its own, to be killed and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const START_MS = 40_000;

export class ExampleServer {
  readonly url: string;
  readonly #example: string;
  readonly #port: number;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #said = '';

  private constructor(example: string, port: number, folder: string) {
    this.#example = example;
    this.#port = port;
    this.#folder = folder;
    this.url = `http://localhost:${port}`;
  }

  static async start(example: string): Promise<ExampleServer> {
    const folder = await mkdtemp(join(tmpdir(), 'ternion-e2e-'));
    const server = new ExampleServer(example, await freePort(), folder);
    await server.run();
    return server;
  }

  /** Resolves when the server has said where it is. */
  async run(): Promise<void> {
    this.#said = '';
    const child = spawn(
      process.execPath,
      ['--conditions=ternion-source', 'examples/start.ts', this.#example],
      {
        env: {
          ...process.env,
          TERNION_PORT: String(this.#port),
          TERNION_DATABASE: join(this.#folder, 'example.db'),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (bytes: Buffer) => {
        this.#said += bytes.toString();
      });
    }
    const signal = AbortSignal.timeout(START_MS);
    while (!this.#said.includes(`http://localhost:${this.#port}/`)) {
      if (child.exitCode !== null) throw new Error(`the server ended: ${this.#said}`);
      await once(child.stdout!, 'data', { signal });
    }
  }

  /** As a crash: nothing is flushed, nobody is told. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
