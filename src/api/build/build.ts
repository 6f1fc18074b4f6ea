import { failedCommandOf } from '../../engine/build/failed-command.ts';
import { familiarName } from '../../engine/store/images.ts';
import { formatReference, parseReference } from '../../image/reference.ts';
import { buildOptionsOf } from '../bodies/build.ts';
import type { Call } from '../http/call.ts';
import { registryConfig } from '../http/registry-auth.ts';
import { errorAnswer } from '../http/status.ts';
import { type ErrorDetail, Progress } from '../images/progress.ts';
import { BuildLines } from './build-lines.ts';

/** ImageBuild, as Docker's classic builder tells of it. The client that goes ends it. */
export async function build({ engine, query, request, reply, signal }: Call): Promise<void> {
  const options = buildOptionsOf(query, request as AsyncIterable<Uint8Array>);
  const credentials = registryConfig(request);
  const isQuiet = query.flag('q');
  const progress = new Progress(reply, errorDetail);
  await progress.during(async () => {
    const lines = new BuildLines((line) => progress.line(line), { isQuiet, room: () => progress.room() });
    try {
      const built = await engine.builder.build({ ...options, credentials, progress: lines, signal });
      if (built !== undefined) lines.built(built.id, options.names.map(nameShown));
    } catch (error) {
      lines.tellHeld();
      throw error;
    }
  });
}

function nameShown(name: string): string {
  return familiarName(formatReference(parseReference(name)));
}

/** Docker's words for a command that has failed; clients end with its code. */
function errorDetail(error: unknown): ErrorDetail {
  const failed = failedCommandOf(error);
  const { message } = errorAnswer(error).body;
  if (failed === undefined) return { message };
  const { argv, code } = failed;
  return { code, message: `The command '${argv.join(' ')}' returned a non-zero code: ${code}` };
}
