/**
 * `npm run bench:peers [-- name ...]`: installs the peers of the benchmarks, all without a name, each from its own
 * lock file in bench/peers. What they need comes from the npm registry; nothing is built.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, 'peers');
/** Its packages link and unpack what they bring when they are installed; the others need no scripts. */
const WITH_SCRIPTS = ['zero'];

const peers = readdirSync(FOLDER).filter((name) => existsSync(join(FOLDER, name, 'package-lock.json')));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !peers.includes(name));
if (unknown.length > 0) {
  console.error(`no peer ${unknown.join(', ')}; there are: ${peers.join(', ')}`);
  process.exit(2);
}
for (const peer of wanted.length > 0 ? wanted : peers) {
  console.log(peer);
  const scripts = WITH_SCRIPTS.includes(peer) ? [] : ['--ignore-scripts'];
  const args = ['ci', '--prefix', join(FOLDER, peer), '--no-audit', '--no-fund', ...scripts];
  if (spawnSync('npm', args, { stdio: 'inherit' }).status !== 0) process.exitCode = 1;
}
