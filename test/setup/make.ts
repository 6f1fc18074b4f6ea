import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const CHECKOUT = resolve(import.meta.dirname, '../..');

/** Makes what is stale of a target of the Makefile in a directory of the checkout; one run at a time. */
export function make(directory: string, target: string): void {
  const build = join(CHECKOUT, 'build');
  mkdirSync(build, { recursive: true });
  const command = ['make', '--silent', '-j2', '-C', join(CHECKOUT, directory), target];
  execFileSync('flock', [join(build, '.make.lock'), ...command], { stdio: ['ignore', 'ignore', 'inherit'] });
}
