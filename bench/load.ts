/** Load comes from a second process: starts `bench/loads/<name>.ts` and waits for the one JSON line it prints. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const TIMEOUT_MS = 150_000;

/**
 * `options` are handed over as JSON; `ready` is called whenever the load says that there is
 * something to measure. Rejects when the load fails or takes longer than 150 seconds.
 */
export function runLoad<Result>(
  name: string,
  options: object,
  ready: (message: unknown) => void = () => {},
): Promise<Result> {
  const file = fileURLToPath(new URL(`./loads/${name}.ts`, import.meta.url));
  const execArgv = ['--conditions=ternion-source'];
  const child = fork(file, [JSON.stringify(options)], { execArgv, silent: true, timeout: TIMEOUT_MS });
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr?.pipe(process.stderr);
  child.on('message', ready);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(output));
      else reject(new Error(`the load ${name} ended with ${code}`));
    });
  });
}
