import {
  chmodSync,
  chownSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { type Store, useStore } from '../helpers/skiff.ts';

const EPOCH = 1_700_000_000;
const env = { SKIFF_NETWORK: 'none', SOURCE_DATE_EPOCH: String(EPOCH) };

const [one, other, anew] = [useStore(() => ({ env })), useStore(() => ({ env })), useStore(() => ({ env }))];
const busybox = useBusybox(one);
useBusybox(other);
useBusybox(anew);

const place = mkdtempSync(join(tmpdir(), 'skiff-reproducible-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

const FILES = ['src/a', 'src/b', 'src/deep/c', 'src/deep/d'];

const dockerfile = () => `# syntax=docker/dockerfile:1
FROM ${busybox} AS build
COPY --chown=7:8 src /src
RUN cat /src/a /src/b > /made; mkdir /many; for i in 1 2 3 4 5 6 7 8 9; do echo $i > /many/$i; done
RUN --mount=type=bind,target=/ctx --mount=type=cache,target=/c cp -a /ctx/src /as-it-was; date > /c/when
FROM ${busybox}
COPY --from=build /made /many /out/
COPY --from=build /as-it-was /as-it-was
ADD src/a src/l /added/
COPY <<TEXT /text
of a document
TEXT
WORKDIR /made/here
RUN find /out /as-it-was /added -exec stat -c "%n %a %u:%g %Y" {} + | sort > list
CMD ["cat", "/out/made"]
`;

/** Another checkout: files made in another order, at other times. */
function checkout({ reversed, time }: { reversed: boolean; time: number }): string {
  const directory = mkdtempSync(join(place, 'checkout-'));
  mkdirSync(join(directory, 'src/deep'), { recursive: true });
  writeFileSync(join(directory, 'Dockerfile'), dockerfile());
  for (const [index, name] of (reversed ? FILES.toReversed() : FILES).entries()) {
    writeFileSync(join(directory, name), `${name}\n`);
    utimesSync(join(directory, name), time, time + index);
  }
  symlinkSync('a', join(directory, 'src/l'));
  lutimesSync(join(directory, 'src/l'), time, time - 5);
  utimesSync(join(directory, 'src'), time, time - 10);
  return directory;
}

const build = ({ ok }: Store, directory: string, ...options: string[]) =>
  ok(['build', '-q', '--network', 'none', ...options, directory]);

/** The manifest's digest, the way it would be pushed. */
async function archived({ ok }: Store, directory: string): Promise<string> {
  const archive = join(mkdtempSync(join(place, 'archive-')), 'image.tar');
  await ok(['build', '-q', '--network', 'none', '-o', `type=oci,dest=${archive}`, directory]);
  return readFileSync(archive).toString('base64');
}

describe('a build with SOURCE_DATE_EPOCH', () => {
  it('makes the same bytes in another store, from files of other times in another order, whatever was cached', async () => {
    const early = checkout({ reversed: false, time: 1_300_000_000 });
    const late = checkout({ reversed: true, time: EPOCH + 1_000_000 });
    const id = await build(one, early);
    expect(await build(other, late)).toBe(id);
    expect(await archived(one, early)).toBe(await archived(other, late));
    // What was made without it, or with another one, is something else.
    const dated = (SOURCE_DATE_EPOCH: string) =>
      anew.ok(['build', '-q', '--network', 'none', early], { env: { SOURCE_DATE_EPOCH } });
    expect(new Set([await dated(''), await dated(String(EPOCH - 1)), id]).size).toBe(3);
    expect(await dated(String(EPOCH))).toBe(id);
    // Nothing is done anew for another one: layers are the same.
    const { stderr, code } = await anew.skiff(
      ['build', '--progress', 'plain', '--network', 'none', '-t', 'later', early],
      { env: { SOURCE_DATE_EPOCH: String(EPOCH + 5) } },
    );
    expect([code, /\[.* (RUN|COPY|ADD|WORKDIR) .*\n#\d+ [^C]/.exec(stderr)]).toEqual([0, null]);
    const inspected = ['image', 'inspect', '-f', '{{json .RootFS.Layers}} {{.Created}}'];
    const created = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 19);
    const [layers, time] = (await anew.ok([...inspected, id])).split(' ');
    expect([time?.slice(0, 19), (await anew.ok([...inspected, 'later'])).split('.')[0]]).toEqual([
      created(EPOCH),
      `${layers} ${created(EPOCH + 5)}`,
    ]);
  });

  it('dates files by it when times are to be rewritten', async () => {
    const directory = checkout({ reversed: false, time: EPOCH + 9 });
    const rewriting = ['--target', 'build', '-t', 'rewritten', '-o', 'type=image,rewrite-timestamp=true'];
    await build(one, directory, ...rewriting);
    const stat = ['stat', '-c', '%Y', '/made', '/src/a', '/as-it-was/deep'];
    const epoch = String(EPOCH);
    expect((await one.ok(['run', '--rm', 'rewritten', ...stat])).split('\n')).toEqual([epoch, epoch, epoch]);
    const { stderr } = await one.skiff(['build', ...rewriting, directory], {
      env: { SOURCE_DATE_EPOCH: '' },
    });
    expect(stderr).toContain('there is no SOURCE_DATE_EPOCH');
  });

  it.each<[string, (directory: string) => void]>([
    ['byte', (directory) => writeFileSync(join(directory, 'src/deep/d'), 'src/deep/D\n')],
    ['mode', (directory) => chmodSync(join(directory, 'src/deep/d'), 0o600)],
    ['name', (directory) => symlinkSync('a', join(directory, 'src/m'))],
    [
      'target of a link',
      (directory) => {
        rmSync(join(directory, 'src/l'));
        symlinkSync('b', join(directory, 'src/l'));
      },
    ],
  ])('makes another image when a %s is another one', async (_, change) => {
    const directory = checkout({ reversed: false, time: 1_300_000_000 });
    const id = await build(one, directory);
    change(directory);
    expect(await build(one, directory)).not.toBe(id);
  });

  it('takes no notice of whose the files of a context are, and of an owner that a stage has given', async () => {
    const directory = checkout({ reversed: false, time: 1_300_000_000 });
    const id = await build(one, directory);
    chownSync(join(directory, 'src/deep/d'), 12, 13);
    expect(await build(one, directory)).toBe(id);
    const owned = dockerfile().replace('--chown=7:8', '--chown=7:9');
    writeFileSync(join(directory, 'Dockerfile'), owned);
    expect(await build(one, directory, '--target', 'build')).not.toBe(
      await build(one, checkout({ reversed: false, time: 1 }), '--target', 'build'),
    );
  });
});
