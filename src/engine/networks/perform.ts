import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomHex } from '../../host/random.ts';
import { callHelper } from '../../host/run-program.ts';
import { type Link, parseLinks } from '../../network/links.ts';
import { explainFailure, type FailureRecord } from '../../runtime/failure/failure.ts';
import type { Context } from '../store/context.ts';

/** Performs a network file that lies nowhere yet. Throws what its first failing step means. */
export async function performNetworkFile(
  context: Pick<Context, 'helper' | 'paths'>,
  file: Uint8Array,
  verb: 'up' | 'down',
  more: readonly string[] = [],
): Promise<void> {
  await withFile(context, file, (path) => performNetwork(context, path, verb, more));
}

/**
 * Compares a network file with the host: returns each step that would fail, and changes nothing. Throws when the host
 * cannot be looked at.
 */
export async function checkNetworkFile(context: Context, file: Uint8Array): Promise<FailureRecord[]> {
  const { output, failure } = await withFile(context, file, (path) =>
    callHelper(context.helper, ['network', path, 'check']),
  );
  if (failure !== undefined) throw explainFailure(failure).error;
  const fields = Buffer.from(output).toString().split('\0');
  return Array.from({ length: Math.floor(fields.length / 3) }, (_, index) => {
    const [stage = '', errno = '', detail = ''] = fields.slice(3 * index);
    return { stage, errno: Number(errno), detail };
  });
}

async function withFile<Result>(
  { paths }: Pick<Context, 'paths'>,
  file: Uint8Array,
  use: (path: string) => Promise<Result>,
): Promise<Result> {
  const directory = join(paths.tmp, `network-${randomHex(4)}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  try {
    const path = join(directory, 'file');
    writeFileSync(path, file, { mode: 0o600 });
    return await use(path);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Performs the network file at `path`; `more` names the process in whose namespace the container's part is done. */
export async function performNetwork(
  { helper }: Pick<Context, 'helper'>,
  path: string,
  verb: 'up' | 'down',
  more: readonly string[] = [],
): Promise<void> {
  const { failure } = await callHelper(helper, ['network', path, verb, ...more]);
  if (failure !== undefined) throw explainFailure(failure).error;
}

/** The interfaces of this network namespace. Throws what a refusal means. */
export async function readLinks({ helper }: Pick<Context, 'helper'>): Promise<Link[]> {
  const { output, failure } = await callHelper(helper, ['network', 'links']);
  if (failure !== undefined) throw explainFailure(failure).error;
  return parseLinks(output);
}

/** Sends messages to nf_tables as one transaction. Throws what a refusal means. */
export async function sendToFirewall(
  { helper }: Pick<Context, 'helper'>,
  messages: Uint8Array,
): Promise<void> {
  const { failure } = await callHelper(helper, ['nft', 'batch'], messages);
  if (failure !== undefined) throw explainFailure(failure).error;
}
