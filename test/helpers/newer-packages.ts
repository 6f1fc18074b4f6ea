import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Package {
  Filename: string;
  SHA256: string;
}

/**
 * Unpacks packages of another release of Debian below a directory, without installing them: programs in Go need nothing else.
 * They come from where this machine has its own from.
 */
export async function unpackPackages(
  release: string,
  names: readonly string[],
  directory: string,
): Promise<void> {
  const sites = execFileSync('apt-get', ['indextargets', '--format', '$(SITE)'], { encoding: 'utf8' }).split(
    '\n',
  );
  const site = sites.find((each) => /\/debian\/?$/.test(each));
  if (site === undefined) throw new Error('missing: an archive of Debian in /etc/apt');
  const index = await fetched(`${site}/dists/${release}/main/binary-amd64/Packages.xz`);
  const text = execFileSync('xz', ['-dc'], { input: index, maxBuffer: 1 << 28, encoding: 'utf8' });
  for (const name of names) {
    const { Filename, SHA256 } = packageOf(text, name);
    const archive = await fetched(`${site}/${Filename}`);
    if (createHash('sha256').update(archive).digest('hex') !== SHA256) throw new Error(`${name} is damaged`);
    const file = join(directory, `${name}.deb`);
    writeFileSync(file, archive);
    execFileSync('dpkg', ['-x', file, directory]);
  }
}

async function fetched(url: string): Promise<Buffer> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

function packageOf(index: string, name: string): Package {
  const at = index.startsWith(`Package: ${name}\n`) ? 0 : index.indexOf(`\nPackage: ${name}\n`);
  const paragraph = index.slice(at + 1, index.indexOf('\n\n', at));
  const field = (key: string) => new RegExp(`^${key}: (.+)$`, 'm').exec(paragraph)?.[1] ?? '';
  if (at < 0) throw new Error(`there is no package ${name}`);
  return { Filename: field('Filename'), SHA256: field('SHA256') };
}
