import { EngineError } from '../../errors.ts';

/** The engine failed: no container, or none that could be started. */
export const EXIT_ENGINE_FAILED = 125;

/** The command line is none that could be tried: what Docker ends with for an unknown command and wrong arguments. */
export const EXIT_WRONG_USAGE = 1;

/** 128 + SIGINT, what a shell reports for a command ended by Ctrl-C. */
export const EXIT_INTERRUPTED = 130;

/** The command line names no command that there is, or too few or too many objects. A wrong option is `invalid` only. */
export class WrongUsage extends EngineError {
  constructor(message: string, hint: string) {
    super('invalid', message, { hint });
  }
}

/** Commands on objects that exist already, whose callers test for 1 when one is missing or in the wrong state. */
const OBJECT_COMMANDS = new Set([
  'annotate',
  'attach',
  'commit',
  'connect',
  'cp',
  'diff',
  'disconnect',
  'exec',
  'export',
  'history',
  'inspect',
  'kill',
  'logs',
  'pause',
  'port',
  'prune',
  'push',
  'rename',
  'restart',
  'rm',
  'rmi',
  'save',
  'snapshot',
  'start',
  'stats',
  'stop',
  'tag',
  'take',
  'top',
  'undo',
  'unpause',
  'update',
  'wait',
  'why',
]);

/**
 * The exit code for an error: 125, whatever the command and the kind, so that a script can tell skiff's failures from
 * those of a container. Three exceptions: commands on existing objects (`inspect`, `kill`, `stop` and others) exit with 1
 * when the object is missing or not in a fit state, which is what scripts written for Docker test for; so does a command
 * that there is not, or one that is given too few or too many objects; and what the user interrupted is 130. That a command inside the container cannot be executed (126) or found (127) is not decided here:
 * `explainFailure` of the runtime knows, and `explain-failure` exits with it.
 */
export function exitCodeOf(error: unknown, command?: string): number {
  if (!(error instanceof EngineError)) return EXIT_ENGINE_FAILED;
  if (error instanceof WrongUsage) return EXIT_WRONG_USAGE;
  switch (error.kind) {
    case 'notFound':
    case 'conflict':
      return OBJECT_COMMANDS.has(command ?? '') ? 1 : EXIT_ENGINE_FAILED;
    case 'cancelled':
      return EXIT_INTERRUPTED;
    case 'notModified':
      return 0;
    case 'invalid':
    case 'unauthorized':
    case 'denied':
    case 'unavailable':
    case 'unsupported':
    case 'internal':
      return EXIT_ENGINE_FAILED;
    default:
      return unreachable(error.kind);
  }
}

/** Compiles only while the switch above knows every kind. */
function unreachable(kind: never): number {
  throw new Error(`unknown kind of error: ${String(kind)}`);
}
