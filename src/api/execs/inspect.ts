import type { ExecInstance } from '../../engine/lifecycle/exec-instances.ts';
import type { Call } from '../http/call.ts';

/** ExecInspect. */
export async function inspectExec({ engine, path, reply }: Call): Promise<void> {
  reply.json(execObject(await engine.execs.inspect(path.id ?? '')));
}

/** Docker's ExecInspectResponse; `CanRemove` is for its own clearing up. The detach keys are bytes, which Go writes in base64. */
export function execObject({ id, containerId, request, state, pid, exitCode }: ExecInstance): object {
  const [entrypoint = '', ...rest] = request.argv;
  return {
    ID: id,
    Running: state === 'running',
    ExitCode: exitCode ?? null,
    ProcessConfig: {
      tty: request.terminal,
      entrypoint,
      arguments: rest,
      privileged: request.privileged,
      ...(request.user === undefined ? {} : { user: request.user }),
    },
    OpenStdin: request.streams.includes('stdin'),
    OpenStderr: request.streams.includes('stderr'),
    OpenStdout: request.streams.includes('stdout'),
    CanRemove: false,
    ContainerID: containerId,
    DetachKeys: Buffer.from(request.detachKeys ?? '', 'hex').toString('base64'),
    Pid: pid ?? 0,
  };
}
