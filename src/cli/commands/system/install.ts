import { lstatSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { EngineError } from '../../../errors.ts';
import { userPath } from '../../../host/working-directory.ts';
import { WrongUsage } from '../../command/exit-code.ts';
import type { Session } from '../../command/session.ts';
import { print } from '../../output/print.ts';

const USUAL_DIRECTORY = '/usr/local/bin';

const EXAMPLES = `
Examples:
  skiff install --docker-alias               /usr/local/bin/docker is skiff from then on
  skiff install --docker-alias ~/bin`;

export function define(command: Command, session: () => Session): void {
  command
    .option(
      '--docker-alias [dir]',
      `make the link docker there, so that what calls docker calls skiff (default: "${USUAL_DIRECTORY}")`,
    )
    .addHelpText('after', EXAMPLES)
    .action(({ dockerAlias }: { dockerAlias?: string | true }) => {
      if (dockerAlias === undefined)
        throw new WrongUsage('nothing to install is named', 'see skiff install --help');
      const directory = dockerAlias === true ? USUAL_DIRECTORY : resolve(userPath(dockerAlias));
      print(`${link(directory, session().program)}\n`);
    });
}

/** Makes the link unless it is there. Throws `conflict` for a docker that is not skiff. */
function link(directory: string, program: string): string {
  const path = join(directory, 'docker');
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) {
    mkdirSync(directory, { recursive: true });
    symlinkSync(program, path);
  } else if (targetOf(path) !== realpathSync(program)) {
    throw new EngineError('conflict', `${path} is there already, and is not skiff`, {
      subject: path,
      hint: 'remove it first, or name another directory that comes before it in PATH',
    });
  }
  return path;
}

function targetOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
