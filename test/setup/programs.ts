import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const PROGRAMS = resolve(import.meta.dirname, '../programs');
const BUILD = resolve(import.meta.dirname, '../../build');

/** Makes what is stale of the C programs that tests run, before a part begins; one run at a time. */
export function setup(): void {
  mkdirSync(BUILD, { recursive: true });
  const make = ['make', '--silent', '-j2', '-C', PROGRAMS, 'all'];
  execFileSync('flock', [join(BUILD, '.test-programs.lock'), ...make], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
