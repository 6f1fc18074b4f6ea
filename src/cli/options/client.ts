import type { Command } from 'commander';
import type { ClientOptions, StreamName } from '../../engine/options/client.ts';
import { EngineError } from '../../errors.ts';
import { parseDetachKeys } from '../../grammar/detach-keys.ts';
import { isTerminal } from '../../host/is-terminal.ts';
import { booleanSwitch } from './boolean-switch.ts';

/** Flags of commands that take part in a container's streams. */
export interface ClientFlags {
  detachKeys?: string;
  sigProxy?: boolean;
}

export interface AttachFlags {
  attach?: StreamName[];
  interactive?: boolean;
}

const STDIN = 0;

const STREAMS: readonly StreamName[] = ['stdin', 'stdout', 'stderr'];

/** Adds the options of `run`, `start` and `attach` for streams and signals. */
export function addClientOptions(command: Command): void {
  command
    .option(
      '--sig-proxy [boolean]',
      'pass signals that reach skiff on to the container; true when absent',
      booleanSwitch('--sig-proxy'),
    )
    .option(
      '--detach-keys <keys>',
      'what leaves it running on a terminal; ctrl-p,ctrl-q when absent, nothing when empty',
      parseDetachKeys,
    );
}

/** `-a`: which streams the creator of a container takes part in. */
export function addAttachOptions(command: Command): void {
  command.option(
    '-a, --attach <stream>',
    'take part only in stdin, stdout or stderr (repeatable); in stdin with -i in any case',
    collectStream,
  );
}

/**
 * Returns the streams that `-a` asks for; as with Docker `-i` always takes part in standard input. Undefined: every
 * stream there is.
 */
export function attachedStreams({ attach, interactive }: AttachFlags): StreamName[] | undefined {
  const takesInput = interactive === true && attach?.includes('stdin') === false;
  return takesInput ? ['stdin', ...attach] : attach;
}

export function clientOptions(flags: ClientFlags & AttachFlags): ClientOptions {
  const { sigProxy, detachKeys } = flags;
  return { streams: attachedStreams(flags), detachKeys, forwardSignals: sigProxy };
}

/**
 * Standard input can be a container's terminal only if it is one. Throws `invalid`. Asked only of those who want a
 * terminal: the module that knows takes its time to load.
 */
export async function requireTerminal(): Promise<void> {
  if (isTerminal(STDIN)) return;
  throw new EngineError('invalid', 'the input device is not a TTY', {
    subject: '--tty',
    hint: 'leave -t out to relay what is piped in, or -i out to have a terminal without input',
  });
}

function collectStream(text: string, previous: StreamName[] = []): StreamName[] {
  const stream = STREAMS.find((name) => name === text.toLowerCase());
  if (stream !== undefined) return previous.includes(stream) ? previous : [...previous, stream];
  throw new EngineError('invalid', `there is no stream "${text}" to attach to`, {
    subject: text,
    hint: `use ${STREAMS.join(', ')}`,
  });
}
