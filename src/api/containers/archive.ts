import type { ContainerPath } from '../../engine/archives/container-path.ts';
import type { FoundPath } from '../../engine/archives/found-path.ts';
import { pathStat } from '../../engine/inspect/path-stat.ts';
import { EngineError } from '../../errors.ts';
import { replyArchive } from '../http/archive.ts';
import type { Call } from '../http/call.ts';
import type { Headers } from '../http/wire.ts';

const TAR = 'application/x-tar';

/** ContainerArchive: a link at the end of the path is archived itself. */
export async function readArchive(call: Call): Promise<void> {
  const read = (found: FoundPath, archive: AsyncIterable<Uint8Array>) =>
    replyArchive(call.reply, archive, TAR, statHeader(found));
  await call.engine.containers.readFiles(askedPath(call), read, call.signal);
}

/** ContainerArchiveInfo. */
export async function lookAtFile(call: Call): Promise<void> {
  call.reply.empty(200, statHeader(await call.engine.containers.findFile(askedPath(call))));
}

/** PutContainerArchive. */
export async function writeArchive(call: Call): Promise<void> {
  const { engine, request, reply, signal } = call;
  await engine.containers.copyIn(request as AsyncIterable<Uint8Array>, askedPath(call), { signal });
  reply.empty(200);
}

/** ContainerExport. */
export async function exportContainer({ engine, path, reply, signal }: Call): Promise<void> {
  const to = (archive: AsyncIterable<Uint8Array>) => replyArchive(reply, archive, 'application/octet-stream');
  await engine.containers.exportTo(path.name ?? '', { to, signal });
}

function askedPath({ path, query }: Call): ContainerPath {
  const asked = query.text('path');
  if (asked === undefined)
    throw new EngineError('invalid', 'no path was given', { hint: 'say it with ?path=' });
  return { container: path.name ?? '', path: asked };
}

function statHeader(found: FoundPath): Headers {
  const text = Buffer.from(JSON.stringify(pathStat(found))).toString('base64');
  return { 'X-Docker-Container-Path-Stat': text };
}
