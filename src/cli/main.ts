import { Command, CommanderError, Option } from 'commander';
import { DEFAULT_ROOT } from '../host/paths.ts';
import { VERSION } from '../host/version.ts';
import { COMMANDS, type CommandEntry } from './command-table.ts';
import { EXIT_ENGINE_FAILED, exitCodeOf } from './exit-code.ts';
import { print, printError } from './output/print.ts';
import { createSession, type GlobalOptions, type Session } from './session.ts';

/** How the program was started: what it takes to run it again. */
export interface Invocation {
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
  const entry = requestedCommand(invocation.args);
  let session: Session | undefined;
  const program = createProgram();
  try {
    const sessionOf = () => {
      session ??= createSession(program.opts<GlobalOptions>(), invocation.self);
      return session;
    };
    await registerCommands(program, entry, sessionOf);
    await program.parseAsync([...invocation.args], { from: 'user' });
  } catch (error) {
    process.exitCode = await report(error, entry, program.opts<GlobalOptions>().debug === true);
  } finally {
    session?.close();
  }
}

function createProgram(): Command {
  return new Command('skiff')
    .description('A container engine in one executable: no daemon, nothing to install beside it.')
    .usage('[options] COMMAND')
    .version(`skiff version ${VERSION}`, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .addOption(
      new Option('--root <dir>', 'where images and containers are kept')
        .env('SKIFF_ROOT')
        .default(DEFAULT_ROOT),
    )
    .option(
      '--insecure-registry <host[:port]>',
      'allow plain HTTP and unknown certificates there (repeatable)',
      append,
    )
    .option('--debug', 'explain errors with their causes')
    .enablePositionalOptions()
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: printError, outputError: () => {} });
}

function append(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

/** The command that these arguments ask for: the first word that is neither a global option nor its value. */
function requestedCommand(args: readonly string[]): CommandEntry | undefined {
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] ?? '';
    if (word === '--root' || word === '--insecure-registry') index += 1;
    else if (!word.startsWith('-'))
      return COMMANDS.find(({ name, aliases }) => name === word || aliases?.includes(word));
  }
  return undefined;
}

async function registerCommands(
  program: Command,
  entry: CommandEntry | undefined,
  session: () => Session,
): Promise<void> {
  if (entry !== undefined) {
    const { define } = await entry.load();
    const command = program.command(entry.name, { hidden: entry.hidden === true }).description(entry.summary);
    for (const alias of entry.aliases ?? []) command.alias(alias);
    define(command, session);
    return;
  }
  for (const { name, summary, hidden } of COMMANDS) {
    program
      .command(name, { hidden: hidden === true })
      .description(summary)
      .allowUnknownOption();
  }
  program.argument('[command]').action((word: string | undefined) => {
    if (word === undefined || word === 'help') program.outputHelp();
    else
      throw new CommanderError(
        EXIT_ENGINE_FAILED,
        'commander.unknownCommand',
        `"${word}" is not a skiff command`,
      );
  });
}

async function report(error: unknown, entry: CommandEntry | undefined, debug: boolean): Promise<number> {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    const help = entry === undefined ? 'skiff --help' : `skiff ${entry.name} --help`;
    printError(`skiff: ${error.message.replace(/^error: /, '')}\nhint: see ${help}\n`);
    return EXIT_ENGINE_FAILED;
  }
  const { renderError } = await import('./output/error.ts');
  printError(renderError(error, { debug }));
  return exitCodeOf(error, entry?.name);
}
