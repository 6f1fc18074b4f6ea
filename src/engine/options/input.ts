import type { ProcessOptions } from '../../runtime/options.ts';
import type { ClientOptions } from './client.ts';

type Input = Pick<ProcessOptions, 'stdin' | 'stdinOnce' | 'terminal' | 'attach'>;

/** Docker's StdinOnce: whether a container's input is meant to end with that of the client who takes part in it. */
export function endsOnce({ stdin, stdinOnce, attach }: Input): boolean {
  return stdin === true && (stdinOnce ?? attach?.includes('stdin') ?? true);
}

/**
 * How a client takes part who goes on itself, as Docker has it: where the input stays open for others when that of the client
 * has ended, it is all over for this one, and the process goes on. A terminal's always does.
 */
export function untilInput(input: Input, client: ClientOptions): ClientOptions {
  const gives = input.stdin === true && (client.streams?.includes('stdin') ?? true);
  return { ...client, untilInput: gives && (input.terminal === true || !endsOnce(input)) };
}
