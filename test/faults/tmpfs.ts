/** A small disk of its own, for tests that fill it. Needs root and mount(8). */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class SmallDisk {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** A reason, where there can be none. */
  static mount(sizeMb: number): SmallDisk | string {
    const path = mkdtempSync(join(tmpdir(), 'ternion-disk-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'tmpfs', path], { stdio: 'pipe' });
      return new SmallDisk(path);
    } catch (error) {
      rmSync(path, { recursive: true });
      return `no disk can be mounted here: ${error instanceof Error ? error.message.trim() : String(error)}`;
    }
  }

  /** Takes room away until `release`. */
  reserve(bytes: number): { release(): void } {
    const file = join(this.path, 'reserved');
    writeFileSync(file, Buffer.alloc(bytes, 1));
    return { release: () => rmSync(file) };
  }

  remount(mode: 'ro' | 'rw'): void {
    execFileSync('mount', ['-o', `remount,${mode}`, this.path], { stdio: 'pipe' });
  }

  unmount(): void {
    execFileSync('umount', [this.path], { stdio: 'pipe' });
    rmSync(this.path, { recursive: true });
  }
}
