import { writeSync } from 'node:fs';
import type { BuildOutput } from '../../engine/build/options.ts';
import { EngineError } from '../../errors.ts';
import type { WantedOutput } from '../../grammar/build-output.ts';
import { isTerminal } from '../../host/is-terminal.ts';
import { writeFileWhole } from './whole-file.ts';

const STDOUT = 1;

/**
 * Opens what a build is to write, and calls `body` with it; files are there when they are whole. Throws `invalid` for a
 * terminal as the place of an archive, and as `writeFileWhole`.
 */
export async function withOutputs<T>(
  wanted: readonly WantedOutput[],
  body: (outputs: readonly BuildOutput[]) => Promise<T>,
): Promise<T> {
  const [first, ...rest] = wanted;
  if (first === undefined) return await body([]);
  const next = (output: BuildOutput) => withOutputs(rest, (others) => body([output, ...others]));
  switch (first.type) {
    case 'image':
      return await next({ kind: 'image', form: first.form });
    case 'cacheonly':
      return await withOutputs(rest, body);
    case 'local':
      return await next({ kind: 'files', directory: first.directory });
    case 'oci-layout':
      return await next({
        kind: 'archive',
        format: 'oci',
        to: { directory: first.directory },
        form: first.form,
      });
    default:
      return await inFile(first.file, (descriptor) => next(outputTo(first, descriptor)));
  }
}

function outputTo(
  output: Extract<WantedOutput, { file: string | undefined }>,
  descriptor: number,
): BuildOutput {
  if (output.type === 'tar') return { kind: 'tar', descriptor };
  const { type: format, form } = output;
  return { kind: 'archive', format, to: { write: (archive) => writeAll(descriptor, archive) }, form };
}

async function inFile<T>(file: string | undefined, body: (descriptor: number) => Promise<T>): Promise<T> {
  if (file === undefined) {
    if (!isTerminal(STDOUT)) return await body(STDOUT);
    throw new EngineError('invalid', 'cowardly refusing to write an archive to a terminal', {
      hint: 'name a file with dest=FILE, or redirect standard output',
    });
  }
  const results: T[] = [];
  await writeFileWhole(file, async (descriptor) => {
    results.push(await body(descriptor));
  });
  return results[0] as T;
}

async function writeAll(descriptor: number, archive: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const piece of archive)
    for (let at = 0; at < piece.length; ) at += writeSync(descriptor, piece, at);
}
