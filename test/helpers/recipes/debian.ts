import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Recipe } from './recipe.ts';

const SUITE = 'bookworm';

/** Makes an image of one layer: a minimal Debian, and two full-screen programs. */
export function debian(): Recipe {
  return bootstrap(['less', 'vim-tiny']);
}

/** A minimal Debian with some packages more, made by debootstrap from the mirror that this machine's apt uses. */
export function bootstrap(packages: readonly string[]): Recipe {
  const work = mkdtempSync(join(tmpdir(), 'debootstrap-'));
  const root = join(work, 'root');
  const archive = join(work, 'layer.tar');
  try {
    const words = ['--variant=minbase', `--include=${packages.join(',')}`, SUITE, root, mirror()];
    execFileSync('debootstrap', words, { stdio: 'pipe' });
    for (const name of readdirSync(join(root, 'var/cache/apt/archives'))) {
      if (name.endsWith('.deb')) rmSync(join(root, 'var/cache/apt/archives', name));
    }
    const args = ['--numeric-owner', '--sort=name', '--format=pax', '--xattrs', '--xattrs-include=*'];
    execFileSync('tar', ['--create', `--file=${archive}`, ...args, '-C', root, '.']);
    return {
      layers: [readFileSync(archive)],
      config: { Cmd: ['bash'], Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'] },
    };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function mirror(): string {
  const args = ['indextargets', '--format', '$(REPO_URI)', `Codename: ${SUITE}`, 'Created-By: Packages'];
  const [first] = execFileSync('apt-get', args, { encoding: 'utf8' }).split('\n');
  return first || 'http://deb.debian.org/debian';
}
