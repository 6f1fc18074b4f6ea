import { failedCommandOf } from '../../engine/build/failed-command.ts';
import { familiarName } from '../../engine/store/images.ts';
import { EngineError } from '../../errors.ts';
import { formatReference, parseReference } from '../../image/reference.ts';
import { buildOptionsOf } from '../bodies/build.ts';
import type { Call } from '../http/call.ts';
import { registryConfig } from '../http/registry-auth.ts';
import { errorAnswer } from '../http/status.ts';
import { type ErrorDetail, Progress } from '../images/progress.ts';
import { BuildLines } from './build-lines.ts';
import { BuildTrace } from './build-trace.ts';
import { fromClient, takeUpload } from './from-client.ts';

/** ImageBuild, told as Docker's classic builder does, or with version 2 as BuildKit. The client that goes ends it. */
export async function build(call: Call): Promise<void> {
  const { engine, connections, query, request, reply } = call;
  if (await takeUpload(call)) return;
  const isTraced = isOfBuildKit(query.text('version'));
  const options = buildOptionsOf(query, request as AsyncIterable<Uint8Array>);
  const credentials = registryConfig(request);
  const client = await fromClient(call, credentials);
  const ended = new AbortController();
  const id = query.text('buildid');
  if (id !== undefined) connections.builds.set(id, ended);
  client.whenGone(() => ended.abort());
  const signal = AbortSignal.any([call.signal, ended.signal]);
  const progress = new Progress(reply, isTraced ? undefined : errorDetail);
  const line = (value: object) => progress.line(value);
  const Told = isTraced ? BuildTrace : BuildLines;
  const lines = new Told(line, { isQuiet: query.flag('q'), room: () => progress.room() });
  await progress.during(async () => {
    try {
      const asked = await client.ask(options.file);
      const built = await engine.builder.build({
        ...options,
        credentials,
        ...asked,
        progress: lines,
        signal,
      });
      if (built !== undefined) lines.built(built.id, options.names.map(nameShown));
    } catch (error) {
      lines.tellHeld();
      throw error;
    } finally {
      client.done();
      if (id !== undefined && connections.builds.get(id) === ended) connections.builds.delete(id);
    }
  });
}

function isOfBuildKit(version = '1'): boolean {
  if (version === '1' || version === '2') return version === '2';
  throw new EngineError('invalid', `invalid version "${version}"`, {
    subject: version,
    hint: 'it is 1 or 2',
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
