import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { EngineError } from '../../../errors.ts';
import { listOf } from '../../../grammar/words.ts';
import { isMissing } from '../../../host/missing.ts';
import { parsePlatform } from '../../../image/platform.ts';
import type { Platform } from '../../../oci/platform.ts';
import type { Session } from '../../command/session.ts';
import { print } from '../../output/print.ts';
import { tell } from '../../output/tell.ts';

interface Flags {
  change?: string[];
  message?: string;
  platform?: Platform;
}

const PIECE = 256 * 1024;

const EXAMPLES = `
Examples:
  skiff import rootfs.tar.gz team/base:1
  skiff import https://example.com/rootfs.tar.xz base
  skiff export web | skiff import -c 'CMD ["/bin/sh"]' - web:flat`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<archive>', 'a file, a URL, or - for standard input: tar, plain or in gzip, zstd, xz or bzip2')
    .argument('[name]', 'of the image: repository or repository:tag')
    .option(
      '-c, --change <instruction>',
      'CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, USER, VOLUME or WORKDIR, as in a Dockerfile (repeatable)',
      listOf((text: string) => text),
    )
    .option('-m, --message <text>', "where it comes from, for the image's history")
    .option(
      '--platform <os/arch[/variant]>',
      'what the image is for; this machine when absent',
      parsePlatform,
    )
    .addHelpText('after', EXAMPLES)
    .action((archive: string, name: string | undefined, flags: Flags) =>
      importArchive(session(), { archive, name, flags }),
    );
}

async function importArchive(
  session: Session,
  { archive, name, flags }: { archive: string; name: string | undefined; flags: Flags },
): Promise<void> {
  const { change, message, platform } = flags;
  const source = await sourceOf(session, archive);
  const { images } = await session.engine();
  const remark = (sentence: string) => tell(`note: ${sentence}`);
  const options = { from: archive, name, message, changes: change, platform, remark };
  print(`${await images.importFrom(source, options)}\n`);
}

async function sourceOf(session: Session, archive: string): Promise<AsyncIterable<Uint8Array>> {
  if (archive === '-') return createReadStream('', { fd: 0, autoClose: false, highWaterMark: PIECE });
  if (/^https?:\/\//i.test(archive)) {
    if (!URL.canParse(archive))
      throw new EngineError('invalid', `"${archive}" is no URL`, { subject: archive });
    const { images } = await session.engine();
    return (await images.fetch(new URL(archive))).bytes;
  }
  await requireFile(archive);
  return createReadStream(archive, { highWaterMark: PIECE });
}

async function requireFile(file: string): Promise<void> {
  try {
    const found = await stat(file);
    if (found.isDirectory()) throw new Error('it is a directory');
  } catch (cause) {
    throw new EngineError(
      'invalid',
      `cannot read ${file}: ${isMissing(cause) ? 'no such file' : (cause as Error).message}`,
      {
        subject: file,
        cause,
      },
    );
  }
}
