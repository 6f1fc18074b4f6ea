import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomHex } from '../host/random.ts';
import { callHelper } from '../host/run-program.ts';
import { explainFailure } from '../runtime/failure.ts';
import type { Context } from './context.ts';

/** Performs a network file that lies nowhere yet. Throws what its first failing step means. */
export async function performNetworkFile(
  context: Context,
  file: Uint8Array,
  verb: 'up' | 'down',
  more: readonly string[] = [],
): Promise<void> {
  const directory = join(context.paths.tmp, `network-${randomHex(4)}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  try {
    const path = join(directory, 'file');
    writeFileSync(path, file, { mode: 0o600 });
    await performNetwork(context, path, verb, more);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Performs the network file at `path`; `more` names the process in whose namespace the container's part is done. */
export async function performNetwork(
  { helper }: Context,
  path: string,
  verb: 'up' | 'down',
  more: readonly string[] = [],
): Promise<void> {
  const { failure } = await callHelper(helper, ['network', path, verb, ...more]);
  if (failure !== undefined) throw explainFailure(failure).error;
}

/** Sends messages to nf_tables as one transaction. Throws what a refusal means. */
export async function sendToFirewall({ helper }: Context, messages: Uint8Array): Promise<void> {
  const { failure } = await callHelper(helper, ['nft', 'batch'], messages);
  if (failure !== undefined) throw explainFailure(failure).error;
}
