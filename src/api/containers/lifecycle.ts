import type { IncomingMessage } from 'node:http';
import { EngineError } from '../../errors.ts';
import { collectPruneFilter } from '../../grammar/prune-filters.ts';
import { parseSignal } from '../../runtime/monitor/signals.ts';
import type { Call } from '../http/call.ts';
import { pruneFilters } from '../http/prune-filters.ts';
import { joinWaiting } from './joining.ts';

/** The name in the path, of whatever these endpoints are about. */
function named({ path }: Call): string {
  return path.name ?? '';
}

/** 304 for one that runs. Those who have attached to it before get its streams from the first byte on. */
export async function startContainer(call: Call): Promise<void> {
  const { engine, connections, request, reply } = call;
  if (saysMore(request)) throw new EngineError('invalid', NO_BODY);
  const { row, status } = await engine.containers.get(named(call));
  const waiting = status.state === 'running' ? [] : connections.waitingFor(row.id);
  try {
    if (waiting.length > 0) await joinWaiting(engine, row.id, waiting);
    else if (!(await engine.containers.startDetached(row.id))) return reply.empty(304);
  } catch (error) {
    throw foundContainer(error);
  }
  reply.empty();
}

const NO_BODY =
  'starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24';

/** Whether a body is longer than `null` and `{}` are: it would be the container's HostConfig, and is not to be passed over. */
function saysMore({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 7;
}

/** It is the command that was not found, or what it needs: to clients 404 says that there is no such container. */
function foundContainer(error: unknown): unknown {
  if (!(error instanceof EngineError) || error.kind !== 'notFound') return error;
  return new EngineError('invalid', error.message, error);
}

/** 304 for one that does not run. */
export async function stopContainer(call: Call): Promise<void> {
  const stopped = await call.engine.containers.stop(named(call), stopRequest(call));
  call.reply.empty(stopped === undefined ? 304 : 204);
}

export async function restartContainer(call: Call): Promise<void> {
  await call.engine.containers.restart(named(call), stopRequest(call));
  call.reply.empty();
}

function stopRequest({ query }: Call): { signal?: string | undefined; timeoutMs?: number | undefined } {
  const seconds = query.number('t');
  return { signal: query.text('signal'), timeoutMs: seconds === undefined ? undefined : seconds * 1000 };
}

export async function killContainer(call: Call): Promise<void> {
  const signal = parseSignal(call.query.text('signal') ?? 'KILL');
  await call.engine.containers.kill(named(call), signal);
  call.reply.empty();
}

export async function pauseContainer(call: Call): Promise<void> {
  await call.engine.containers.pause(named(call));
  call.reply.empty();
}

export async function unpauseContainer(call: Call): Promise<void> {
  await call.engine.containers.unpause(named(call));
  call.reply.empty();
}

export async function renameContainer(call: Call): Promise<void> {
  const name = call.query.text('name');
  if (name === undefined)
    throw new EngineError('invalid', 'Neither old nor new names may be empty', {
      hint: 'say it with ?name=',
    });
  await call.engine.containers.rename(named(call), name.replace(/^\//, ''));
  call.reply.empty();
}

/** A link of `link=1` belongs to the legacy networks that there are not. */
export async function removeContainer(call: Call): Promise<void> {
  const { engine, query, reply } = call;
  await engine.containers.remove(named(call), { force: query.flag('force'), volumes: query.flag('v') });
  reply.empty();
}

export async function pruneContainers({ engine, query, reply }: Call): Promise<void> {
  const { deleted, reclaimed } = await engine.containers.prune(
    pruneFilters(query.filters(), collectPruneFilter),
  );
  reply.json({ ContainersDeleted: deleted.length === 0 ? null : deleted, SpaceReclaimed: reclaimed });
}
