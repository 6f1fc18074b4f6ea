import type { Command } from 'commander';
import { parseDetachKeys } from '../../../grammar/detach-keys.ts';
import { environmentEntry, environmentFile } from '../../../grammar/environment.ts';
import { replaceProcess } from '../../../host/replace-process.ts';
import { WrongUsage } from '../../command/exit-code.ts';
import type { Session } from '../../command/session.ts';
import { environment } from '../../command/settings.ts';
import { requireTerminal } from '../../options/client.ts';
import { addLatest, selected } from '../../options/selection.ts';
import { acceptSwitchValues } from '../../options/switches.ts';

interface Flags {
  detach?: boolean;
  detachKeys?: string;
  env?: string[];
  envFile?: string[];
  interactive?: boolean;
  latest?: boolean;
  privileged?: boolean;
  tty?: boolean;
  user?: string;
  workdir?: string;
}

export function define(command: Command, session: () => Session): void {
  command
    .usage('[options] <container> <command...>')
    .argument('[container]', 'a name or id')
    .argument('[command...]', 'what to run in it')
    .passThroughOptions()
    .option('-d, --detach', 'run in the background and print nothing')
    .option(
      '--detach-keys <keys>',
      'what leaves it running on a terminal; ctrl-p,ctrl-q when absent, nothing when empty',
      parseDetachKeys,
    )
    .option(
      '-e, --env <key=value>',
      'set a variable; KEY alone takes it from here (repeatable)',
      environmentEntry(environment()),
    )
    .option(
      '--env-file <file>',
      'variables from a file, one on each line (repeatable)',
      environmentFile(environment()),
    )
    .option('-i, --interactive', 'relay standard input')
    .option('--privileged', 'with all capabilities and without the system call filter')
    .option('-t, --tty', 'give it a terminal')
    .option('-u, --user <name|uid[:group|gid]>', "who runs it; the container's user when absent")
    .option('-w, --workdir <dir>', "working directory; the container's when absent")
    .addHelpText('after', EXAMPLES)
    .action((name: string | undefined, argv: string[], flags: Flags) =>
      exec(session(), name === undefined ? [] : [name, ...argv], flags),
    );
  addLatest(command);
  acceptSwitchValues(command);
}

const EXAMPLES = `
Examples:
  skiff exec -it web sh                 a shell in a running container
  skiff exec -u postgres db psql -l     as another user
  tar c . | skiff exec -i web tar x     relay standard input
  skiff exec -d web logrotate -f /etc/logrotate.conf`;

/** `words` are the container, unless an option says which, and the command. */
async function exec(session: Session, words: readonly string[], flags: Flags): Promise<never> {
  const named = flags.latest === true ? 0 : 1;
  const argv = words.slice(named);
  if (argv.length === 0) throw missing(words.length < named ? 'container' : 'command');
  const [name = ''] = await selected(session, words.slice(0, named), flags);
  const detach = flags.detach === true;
  const stdin = flags.interactive === true && !detach;
  const terminal = flags.tty === true;
  if (stdin && terminal) await requireTerminal();
  const { containers } = await session.engine();
  const handover = await containers.exec(name, {
    argv,
    // The last one of a name counts: those of the command line.
    env: [...(flags.envFile ?? []), ...(flags.env ?? [])],
    // As with Docker an empty user or directory means the container's.
    cwd: flags.workdir || undefined,
    user: flags.user || undefined,
    privileged: flags.privileged === true,
    stdin,
    terminal,
    mode: detach ? 'detach' : 'attach',
    client: { detachKeys: flags.detachKeys },
  });
  replaceProcess(handover);
}

function missing(argument: string): WrongUsage {
  return new WrongUsage(`missing required argument '${argument}'`, 'see skiff exec --help');
}
