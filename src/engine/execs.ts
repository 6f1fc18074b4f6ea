import type { ExecInstance, ExecInstanceRequest } from './lifecycle/exec-instances.ts';
import type { ProcessStreams } from './lifecycle/process-streams.ts';
import type { TerminalSize } from './options/client.ts';
import { findContainer } from './store/containers.ts';
import type { Context } from './store/context.ts';

/** Use cases of processes that are asked for first and started later, by their ids (64 hex digits). */
export class Execs {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Returns the id. Throws `conflict` when the container does not run or is paused, `notFound` when there is none. */
  async create(container: string, request: ExecInstanceRequest): Promise<string> {
    const { createExec } = await import('./lifecycle/exec-instances.ts');
    return await createExec(this.#context, findContainer(this.#context.database, container), request);
  }

  /** Starts one as a caller who takes part in its streams. Throws `conflict` for one that was started before. */
  async start(id: string, options: { size?: TerminalSize | undefined } = {}): Promise<ProcessStreams> {
    const { startExec } = await import('./lifecycle/exec-instances.ts');
    return await startExec(this.#context, id, options);
  }

  /** Starts one in the background. Throws why it could not be started. */
  async startDetached(id: string): Promise<void> {
    const { startExecDetached } = await import('./lifecycle/exec-instances.ts');
    await startExecDetached(this.#context, id);
  }

  /** Throws `notFound` for one of which nothing is known (any more): it goes with the run of its container. */
  async inspect(id: string): Promise<ExecInstance> {
    const { inspectExec } = await import('./lifecycle/exec-instances.ts');
    return inspectExec(this.#context, id);
  }
}
