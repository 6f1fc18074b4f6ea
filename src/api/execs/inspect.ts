import type { Call } from '../http/call.ts';

/** ExecInspect. */
export async function inspectExec({ engine, path, reply }: Call): Promise<void> {
  const { id, containerId, request, state, pid, exitCode } = await engine.execs.inspect(path.id ?? '');
  const [entrypoint = '', ...rest] = request.argv;
  reply.json({
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
    CanRemove: state === 'ended',
    ContainerID: containerId,
    DetachKeys: '',
    Pid: pid ?? 0,
  });
}
