import { EngineError } from '../errors.ts';
import type { Handover } from '../host/replace-process.ts';
import type { ExplainedFailure, FailureRecord } from '../runtime/failure.ts';
import type { LogEntry } from './container-logs.ts';
import type { ContainerStats, StatsRequest } from './container-stats.ts';
import { allContainers, type ContainerRow, findContainer } from './container-store.ts';
import type { ProcessTable } from './container-top.ts';
import type { Context } from './context.ts';
import type { CreateOptions, ResourceOptions } from './create-options.ts';
import type { FoundImage } from './image-store.ts';
import type { Observed } from './reconcile.ts';
import type { Explanation } from './why-container.ts';

/** Use cases of containers. `name` is a name, an id, or a prefix of an id that fits only one. */
export class Containers {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * Creates a container and prepares its start. The caller becomes the returned program, which starts it and, with
   * `attach`, relays its streams and exits with its code, or, with `detach`, prints its id.
   */
  async run(
    options: CreateOptions,
    { image, mode }: { image: FoundImage; mode: 'attach' | 'detach' },
  ): Promise<Handover> {
    const { runContainer } = await import('./run-container.ts');
    return runContainer(this.#context, options, { image, mode });
  }

  /** Keeps why a start failed, as the helper reported it, and says it in words with the exit code that `run` gives. */
  async noteStartFailure(id: string, record: FailureRecord): Promise<ExplainedFailure> {
    const { noteStartFailure } = await import('./start-failure.ts');
    return noteStartFailure(this.#context, this.#find(id), record);
  }

  /** What exists, newest first, with what it is doing; only what runs unless `all`. */
  async list({ all }: { all: boolean }): Promise<Observed[]> {
    const { observe } = await import('./reconcile.ts');
    const observed: Observed[] = [];
    for (const row of allContainers(this.#context.database)) {
      const one = await observe(this.#context, row);
      if (one !== undefined && (all || one.status.state === 'running')) observed.push(one);
    }
    const { withPaused } = await import('./pause-container.ts');
    return withPaused(observed);
  }

  async get(name: string): Promise<Observed> {
    const row = this.#find(name);
    const { observe } = await import('./reconcile.ts');
    const observed = await observe(this.#context, row);
    if (observed !== undefined) return observed;
    throw new EngineError('notFound', `no such container: ${name}`, { subject: name });
  }

  /** Docker's JSON. */
  async inspect(name: string): Promise<object> {
    const { withPaused } = await import('./pause-container.ts');
    const [observed] = withPaused([await this.get(name)]);
    const { inspectContainer } = await import('./inspect-container.ts');
    return inspectContainer(this.#context, observed as Observed);
  }

  /** Why it is in the state it is in. */
  async why(name: string): Promise<Explanation> {
    const observed = await this.get(name);
    const { whyContainer } = await import('./why-container.ts');
    return whyContainer(this.#context, observed);
  }

  async logs(
    name: string,
    options: { follow: boolean; signal?: AbortSignal | undefined },
  ): Promise<AsyncGenerator<LogEntry>> {
    const { row } = await this.get(name);
    const { readLogs } = await import('./container-logs.ts');
    return readLogs(this.#context, row, options);
  }

  /** Its processes as a table; `options` are those of ps(1). */
  async top(name: string, options: readonly string[]): Promise<ProcessTable> {
    const { containerTop } = await import('./container-top.ts');
    return await containerTop(this.#context, this.#find(name), options);
  }

  async stop(name: string, timeoutMs?: number): Promise<void> {
    const { stopContainer } = await import('./stop-container.ts');
    await stopContainer(this.#context, this.#find(name), timeoutMs);
  }

  async kill(name: string, signal: number): Promise<void> {
    const { killContainer } = await import('./stop-container.ts');
    await killContainer(this.#context, this.#find(name), signal);
  }

  /** Freezes everything in a container, until `unpause`. */
  async pause(name: string): Promise<void> {
    const { pauseContainer } = await import('./pause-container.ts');
    await pauseContainer(this.#context, this.#find(name));
  }

  async unpause(name: string): Promise<void> {
    const { unpauseContainer } = await import('./pause-container.ts');
    await unpauseContainer(this.#context, this.#find(name));
  }

  /** Changes limits, of what runs at once, and for every later start. What is absent stays as it is. */
  async update(name: string, changes: ResourceOptions): Promise<void> {
    const { updateContainer } = await import('./update-container.ts');
    await updateContainer(this.#context, this.#find(name), changes);
  }

  /** What containers use, again and again, one second apart; the first after as long. */
  async stats(request: StatsRequest): Promise<AsyncGenerator<ContainerStats[]>> {
    const { watchStats } = await import('./container-stats.ts');
    return watchStats(this.#context, request);
  }

  /** The exit code, once the container does not run. */
  async wait(name: string, signal?: AbortSignal): Promise<number> {
    const { waitContainer } = await import('./stop-container.ts');
    return await waitContainer(this.#context, this.#find(name), signal);
  }

  async remove(name: string, options: { force: boolean }): Promise<void> {
    const { removeContainer } = await import('./remove-container.ts');
    await removeContainer(this.#context, this.#find(name), options);
  }

  #find(name: string): ContainerRow {
    return findContainer(this.#context.database, name);
  }
}
