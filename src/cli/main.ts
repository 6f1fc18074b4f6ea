import { Command, CommanderError } from 'commander';
import { DEFAULT_ROOT } from '../host/paths.ts';
import { VERSION } from '../host/version.ts';
import { type CommandEntry, type CommandGroup, isCalled } from './command/entry.ts';
import {
  EXIT_ENGINE_FAILED,
  EXIT_INTERRUPTED,
  EXIT_WRONG_USAGE,
  exitCodeOf,
  WrongUsage,
} from './command/exit-code.ts';
import { createSession, type GlobalOptions, type Session } from './command/session.ts';
import { COMMANDS, GROUPS } from './command-table.ts';
import { exitWhenWritten, print, printError } from './output/print.ts';

/** How the program was started: what it takes to run it again. */
export interface Invocation {
  /** The name by which it was called; as `docker` it takes Docker's options in front of commands. */
  name?: string | undefined;
  /** The arguments after the program's own name. */
  args: readonly string[];
  /** The command line that runs this program again, without arguments. */
  self: readonly string[];
}

/**
 * The command line. Only the command that is asked for is loaded and registered in full; the others are names with a
 * summary, for `--help`. Sets the exit code and returns; `run` never comes back once the container has started.
 */
export async function main(invocation: Invocation): Promise<void> {
  let requested: Requested = {};
  let session: Session | undefined;
  const program = createProgram();
  try {
    const args = await ownArguments(invocation);
    requested = requestedCommand(args);
    const sessionOf = () => {
      session ??= createSession(program.opts<GlobalOptions>(), invocation.self);
      return session;
    };
    await registerCommands(program, requested, sessionOf);
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = await report(error, requested, program.opts<GlobalOptions>().debug === true);
  } finally {
    session?.close();
  }
  // What was interrupted may still be reading what nobody ends.
  if (process.exitCode === EXIT_INTERRUPTED) exitWhenWritten(EXIT_INTERRUPTED);
}

async function ownArguments({ name, args }: Invocation): Promise<string[]> {
  if (name === undefined || !/(^|\/)docker$/.test(name)) return [...args];
  const { withoutDockerOptions } = await import('./command/docker-words.ts');
  return withoutDockerOptions(args);
}

function createProgram(): Command {
  return new Command('skiff')
    .description('A container engine in one executable: no daemon, nothing to install beside it.')
    .usage('[options] COMMAND')
    .version(`skiff version ${VERSION}`, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .option(
      '--root <dir>',
      `where images and containers are kept (default: "${DEFAULT_ROOT}", env: SKIFF_ROOT)`,
    )
    .option(
      '--insecure-registry <host[:port]|network>',
      'allow plain HTTP and unknown certificates there (repeatable)',
      append,
    )
    .option('--debug', 'explain errors with their causes, and show each request to a registry')
    .enablePositionalOptions()
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: printError, outputError: () => {} });
}

function append(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

/** The command that the arguments ask for: a command, a command of a group, a group alone, or none that there is. */
interface Requested {
  group?: CommandGroup | undefined;
  entry?: CommandEntry | undefined;
}

/** Looks at the first word that is neither a global option nor its value, and, when that is a group, at the next one. */
function requestedCommand(args: readonly string[]): Requested {
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] ?? '';
    if (word === '--root' || word === '--insecure-registry') index += 1;
    else if (!word.startsWith('-')) {
      const entry = COMMANDS.find((command) => isCalled(command, word));
      return entry === undefined ? requestedOfGroup(word, args.slice(index + 1)) : { entry };
    }
  }
  return {};
}

function requestedOfGroup(name: string, rest: readonly string[]): Requested {
  const group = GROUPS.find((candidate) => candidate.name === name);
  const word = rest.find((candidate) => !candidate.startsWith('-'));
  const entry = word === undefined ? undefined : group?.commands().find((command) => isCalled(command, word));
  // The word belongs to a command that has the group's own name.
  if (entry === undefined && word !== undefined && group?.otherwise !== undefined)
    return { entry: group.otherwise };
  return { group, entry };
}

async function registerCommands(
  program: Command,
  { group, entry }: Requested,
  session: () => Session,
): Promise<void> {
  const parent =
    group === undefined
      ? program
      : program.command(group.name).description(group.summary).usage('COMMAND').helpCommand(false);
  if (entry !== undefined) {
    const { define } = await entry.load();
    const command = parent
      .enablePositionalOptions()
      .command(entry.name, { hidden: entry.hidden === true })
      .description(entry.summary);
    for (const alias of entry.aliases ?? []) command.alias(alias);
    define(command, session);
    return;
  }
  listCommands(parent, group?.commands() ?? [...COMMANDS, ...GROUPS]);
  // What follows an unknown command is not looked at: options are its own.
  program.passThroughOptions();
  parent
    .passThroughOptions()
    .argument('[command...]')
    .action(async ([word]: string[]) => {
      if (word === undefined || word === 'help') parent.outputHelp();
      else throw await unknownCommand(word, group);
    });
}

async function unknownCommand(word: string, group: CommandGroup | undefined): Promise<WrongUsage> {
  const { elsewhere } = await import('./command/docker-words.ts');
  const hint = group === undefined ? elsewhere(word) : undefined;
  if (hint !== undefined) return new WrongUsage(`"${word}" is not a skiff command`, hint);
  const { nearestName } = await import('../nearest-name.ts');
  const commands = (group?.commands() ?? COMMANDS).filter(({ hidden }) => hidden !== true);
  const names = commands.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
  const near = nearestName(word, group === undefined ? [...names, ...GROUPS.map(({ name }) => name)] : names);
  const above = group === undefined ? 'skiff' : `skiff ${group.name}`;
  return new WrongUsage(
    `"${word}" is not a ${group === undefined ? 'skiff command' : `command of ${above}`}`,
    near === undefined ? `see ${above} --help` : `did you mean ${above} ${near}`,
  );
}

/** Declares commands by their names and summaries, for the help alone. */
function listCommands(parent: Command, listed: readonly (CommandEntry | CommandGroup)[]): void {
  for (const one of listed) {
    const command = parent
      .command(one.name, { hidden: 'hidden' in one && one.hidden === true })
      .description(one.summary)
      .allowUnknownOption();
    if ('commands' in one) command.helpGroup('Groups of commands:');
  }
}

/** Commander's own words for too few and too many of them. */
const WRONG_ARGUMENTS = new Set(['commander.missingArgument', 'commander.excessArguments']);

/** Commander writes a guess, `(Did you mean --x?)`, in a line of its own. */
const GUESS = /\n(?=\(Did you mean [^\n]*\)$)/;

async function report(error: unknown, { group, entry }: Requested, debug: boolean): Promise<number> {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const { renderError } = await import('./output/error.ts');
  if (error instanceof CommanderError) {
    const words = ['skiff', group?.name, entry?.name, '--help'].filter((word) => word !== undefined);
    const message = error.message.replace(/^error: /, '').replace(GUESS, ' ');
    printError(renderError(new WrongUsage(message, `see ${words.join(' ')}`), { debug: false }));
    return WRONG_ARGUMENTS.has(error.code) ? EXIT_WRONG_USAGE : EXIT_ENGINE_FAILED;
  }
  printError(renderError(error, { debug }));
  return exitCodeOf(error, entry?.name);
}
