/** Load comes from a second process: starts `bench/loads/<name>.ts` and waits for the one JSON line it prints. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const TIMEOUT_MS = 120_000;

/** `options` are handed over as JSON. Rejects when the load fails or takes longer than two minutes. */
export function runLoad<Result>(name: string, options: object): Promise<Result> {
  const file = fileURLToPath(new URL(`./loads/${name}.ts`, import.meta.url));
  const args = ['--conditions=ternion-source', file, JSON.stringify(options)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: TIMEOUT_MS });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(output));
      else reject(new Error(`the load ${name} ended with ${code}`));
    });
  });
}
