import { EngineError } from '../../errors.ts';
import { wantsColour } from '../text/terminal.ts';
import { visible } from '../text/visible.ts';

interface ErrorStyle {
  /** Adds the chain of causes, and where the innermost arose. */
  debug: boolean;
  /** By default: standard error is a terminal and NO_COLOR is not set. */
  colour?: boolean;
  /** Whether it is a warning: the command goes on. */
  warning?: boolean;
}

const RED = 31;
const CYAN = 36;
const CAUSES_MAX = 8;

/**
 * An error as the terminal shows it, with its final newline: `skiff: message`, then `hint: …` if there is one. Each is one
 * line, as messages quote registries, archives and images, which are to add none of their own.
 */
export function renderError(
  error: unknown,
  { debug, colour = wantsColour(process.stderr), warning = false }: ErrorStyle,
): string {
  const paint = (code: number, text: string): string => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  const known = error instanceof EngineError;
  const lines = [
    `${paint(RED, 'skiff:')} ${warning ? 'warning: ' : ''}${known ? '' : 'unexpected error: '}${visible(messageOf(error))}`,
  ];
  const hint = known
    ? (error.remedy ?? error.hint)
    : debug
      ? undefined
      : 'run it again with skiff --debug for details';
  if (hint !== undefined) lines.push(`${paint(CYAN, 'hint:')} ${visible(hint)}`);
  if (debug) lines.push(...causes(error));
  return `${lines.join('\n')}\n`;
}

function causes(error: unknown): string[] {
  const lines: string[] = [];
  let innermost = error;
  while (innermost instanceof Error && innermost.cause !== undefined && lines.length < CAUSES_MAX) {
    innermost = innermost.cause;
    lines.push(visible(`caused by: ${describe(innermost)}`));
  }
  const stack = innermost instanceof Error ? stackOf(innermost) : undefined;
  return stack === undefined ? lines : [...lines, stack];
}

/** Lines of which the first ones quote the message. */
function stackOf({ stack, message }: Error): string | undefined {
  const quoted = stack?.replace(message, () => visible(message));
  return quoted === undefined ? undefined : visible(quoted, { lines: true });
}

function describe(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const message = messageOf(error);
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
