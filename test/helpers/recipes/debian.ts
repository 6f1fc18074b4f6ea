import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Recipe } from './recipe.ts';

const SUITE = 'bookworm';

/** Makes an image of one layer: a minimal Debian, and two full-screen programs. */
export function debian(): Recipe {
  return bootstrap(['less', 'vim-tiny']);
}

/**
 * A tree that is made in memory, which takes a third of the time: on a disk every package waits for it to be written.
 * The mount is gone with the processes.
 */
const SCRIPT = `
mount -t tmpfs -o mode=755 debootstrap "$1"
root=$1 archive=$2
shift 2
debootstrap "$@"
rm -f "$root"/var/cache/apt/archives/*.deb
exec tar --create --file="$archive" --numeric-owner --sort=name --format=pax --xattrs '--xattrs-include=*' -C "$root" .
`;

/** A minimal Debian with some packages more, made by debootstrap from the mirror that this machine's apt uses. */
export function bootstrap(packages: readonly string[]): Recipe {
  const work = mkdtempSync(join(tmpdir(), 'debootstrap-'));
  const root = join(work, 'root');
  const archive = join(work, 'layer.tar');
  try {
    mkdirSync(root);
    const words = ['--variant=minbase', `--include=${packages.join(',')}`, SUITE, root, mirror()];
    execFileSync('unshare', ['--mount', 'sh', '-ec', SCRIPT, 'sh', root, archive, ...words], {
      stdio: 'pipe',
    });
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
