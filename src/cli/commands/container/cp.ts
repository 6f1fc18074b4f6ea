import type { Command } from 'commander';
import type { CopySide } from '../../../engine/archives/copy.ts';
import type { Engine } from '../../../engine/engine.ts';
import { parseCopySide } from '../../../grammar/copy-path.ts';
import { isTerminal } from '../../../host/is-terminal.ts';
import type { Copied } from '../../../storage/archive/answer.ts';
import { WrongUsage } from '../../command/exit-code.ts';
import type { Session } from '../../command/session.ts';
import { acceptSwitchValues } from '../../options/switches.ts';
import { type CopyDisplay, showCopy } from '../../output/copy-progress.ts';
import { tell } from '../../output/tell.ts';
import { humanSize } from '../../text/units.ts';

interface Flags {
  archive?: boolean;
  followLink?: boolean;
  quiet?: boolean;
}

export function define(command: Command, session: () => Session): void {
  command
    .usage('[options] <container>:<path> <path|-> | <path|-> <container>:<path>')
    .argument(
      '<source>',
      'a path of the host, `-` for a tar archive on standard input, or a path in a container',
    )
    .argument('<destination>', 'where it goes; `-` for a tar archive on standard output')
    .option('-a, --archive', 'what comes to the host keeps its owners, too')
    .option('-L, --follow-link', 'follow a link at the end of the source')
    .option('-q, --quiet', 'print nothing; so it is where standard output is no terminal')
    .addHelpText('after', EXAMPLES)
    .action((source: string, destination: string, flags: Flags) =>
      copy(session(), { source, destination }, flags),
    );
  acceptSwitchValues(command, { interspersed: true });
}

const STDOUT = 1;

const EXAMPLES = `
Examples:
  skiff cp web:/var/log/nginx .          a directory, with its name, to here
  skiff cp conf/. web:/etc/nginx         what is in a directory
  skiff cp app.conf web:/etc/app.conf    a file, also while the container runs or has never run
  skiff cp web:/srv - | gzip > srv.tgz   as tar
  skiff cp db:/dump.sql test:/tmp        from one container to another
  skiff cp ./a:b web:/tmp                a path of the host with a colon in it`;

interface Sides {
  source: string;
  destination: string;
}

async function copy(session: Session, { source, destination }: Sides, flags: Flags): Promise<void> {
  const [from, to] = [source, destination].map(parseCopySide) as [CopySide, CopySide];
  if (!('container' in from) && !('container' in to)) {
    throw new WrongUsage(
      'must specify at least one container source',
      'a path in a container is written CONTAINER:PATH',
    );
  }
  const { containers } = await session.engine();
  const abort = new AbortController();
  const interrupt = () => abort.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const quiet = flags.quiet ?? !isTerminal(STDOUT);
  const display = quiet ? undefined : showCopy({ source, destination });
  try {
    const copied = await perform(containers, { from, to, flags }, display, abort.signal);
    display?.close();
    if (copied === undefined) return;
    remark(copied, destination);
    if (!quiet) tell(`Successfully copied ${humanSize(copied.bytes)} to ${destination}`);
  } finally {
    display?.close();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/** Undefined: it went to standard output, where nothing else belongs. */
async function perform(
  containers: Engine['containers'],
  { from, to, flags }: { from: CopySide; to: CopySide; flags: Flags },
  display: CopyDisplay | undefined,
  signal: AbortSignal,
): Promise<Copied | undefined> {
  const followLink = flags.followLink === true;
  const listener = { signal, ...(display === undefined ? {} : { progress: display.update }) };
  if (!('container' in to) && to.path === '-' && 'container' in from) {
    display?.close();
    await containers.copyOut(from, { followLink }, signal);
    return undefined;
  }
  if (!('container' in from) && from.path === '-' && 'container' in to)
    return await containers.copyIn(process.stdin as AsyncIterable<Uint8Array>, to, listener);
  return await containers.copy({ from, to, followLink, archive: flags.archive === true }, listener);
}

function remark({ leftOut, sockets }: Copied, destination: string): void {
  if (leftOut !== undefined)
    tell(`note: the file system of ${destination} cannot hold the extended attribute ${leftOut}`);
  if (sockets > 0) tell(`note: ${sockets === 1 ? 'a socket was' : `${sockets} sockets were`} left out`);
}
