import type { Handover } from '../host/replace-process.ts';
import type { Digest } from '../oci/digest.ts';
import type { ExplainedFailure, FailureRecord } from '../runtime/failure/failure.ts';
import type { Copied } from '../storage/archive/answer.ts';
import type { Listener as CopyListener } from '../storage/archive/copy.ts';
import type { Change } from './archives/changes.ts';
import type { CommitOptions } from './archives/commit.ts';
import type { ContainerPath } from './archives/container-path.ts';
import type { CopyRequest, FilesReader } from './archives/copy.ts';
import type { ExportTarget } from './archives/export.ts';
import type { FoundPath } from './archives/found-path.ts';
import type { ExplainedContainer, ExplainRequest } from './explain/container.ts';
import type { InspectOptions } from './inspect/container.ts';
import type { Joining } from './lifecycle/attach.ts';
import type { ExecRequest } from './lifecycle/exec.ts';
import type { StartMode } from './lifecycle/hand-over.ts';
import type { ProcessStreams } from './lifecycle/process-streams.ts';
import type { PrunedContainers } from './lifecycle/prune.ts';
import type { CreateExtras } from './lifecycle/run.ts';
import type { StopResult } from './lifecycle/stop.ts';
import type { ContainerChanges } from './lifecycle/update.ts';
import type { WaitCondition } from './lifecycle/wait.ts';
import type { LogEntry, LogRequest } from './logs/read.ts';
import type { ClientOptions, TerminalSize } from './options/client.ts';
import type { CreateOptions, StopOptions } from './options/create.ts';
import { untilInput } from './options/input.ts';
import type { ContainerNetworking } from './options/network.ts';
import type { PruneFilters } from './options/prune.ts';
import type { SnapshotInfo } from './options/snapshot.ts';
import type { CounterSample } from './reports/counters.ts';
import type { ProcessTable } from './reports/process-table.ts';
import type { ListedContainer, ListRequest } from './reports/ps.ts';
import type { ContainerStats, StatsRequest } from './reports/stats.ts';
import type { Explanation } from './reports/why.ts';
import type { SnapshotOptions } from './snapshots/take.ts';
import type { Undone } from './snapshots/undo.ts';
import type { Observed } from './state/observe.ts';
import { containerPaths } from './store/container-paths.ts';
import { type ContainerRow, containerById, findContainer } from './store/containers.ts';
import type { Context } from './store/context.ts';
import type { StartedContainer } from './system/start-all.ts';

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
  async run(options: CreateOptions, extras: CreateExtras & StartMode): Promise<Handover> {
    const { runContainer } = await import('./lifecycle/run.ts');
    return runContainer(this.#context, options, extras);
  }

  /**
   * Runs a new container in the foreground, and then removes its image unless something else needs it. Returns the exit
   * code.
   */
  async runAndRemoveImage(
    options: CreateOptions,
    extras: CreateExtras & Pick<StartMode, 'client'>,
  ): Promise<number> {
    const { runAndRemoveImage } = await import('./lifecycle/run-and-remove-image.ts');
    return await runAndRemoveImage(this.#context, options, extras);
  }

  /** Says what `run`, or `create` and a start, would do here and now. Neither the store nor the host is changed. */
  async explain(options: CreateOptions, request: ExplainRequest): Promise<ExplainedContainer> {
    const { explainContainer } = await import('./explain/container.ts');
    return await explainContainer(this.#context, options, request);
  }

  /** Creates a container that a later `start` starts. Returns its id. */
  async create(options: CreateOptions, extras: CreateExtras): Promise<string> {
    const { makeContainer } = await import('./lifecycle/run.ts');
    return await makeContainer(this.#context, options, extras);
  }

  /**
   * Prepares the start of a container that exists. The caller becomes the returned program, as with `run`. One that runs
   * already is joined with `attach`; with `detach` there is nothing to become.
   */
  async start(name: string, startMode: StartMode): Promise<Handover | undefined> {
    const { startExisting } = await import('./lifecycle/start.ts');
    return await startExisting(this.#context, this.#find(name), startMode);
  }

  /** Starts a container in the background; false for one that runs already. Throws why it could not be started. */
  async startDetached(name: string): Promise<boolean> {
    const { startDetached } = await import('./lifecycle/start.ts');
    return await startDetached(this.#context, this.#find(name));
  }

  /**
   * Starts a container, or joins one that runs, as a caller who goes on and takes part in its streams. Resolves when its
   * command was executed; throws why it could not be.
   */
  async startJoined(name: string, client: ClientOptions): Promise<ProcessStreams> {
    const { startJoined } = await import('./lifecycle/start.ts');
    return await startJoined(this.#context, this.#find(name), client);
  }

  /** Stops a container, if it runs, as `stop` does, and starts it in the background. */
  async restart(name: string, request: StopOptions = {}): Promise<void> {
    const { restartContainer } = await import('./lifecycle/restart.ts');
    await restartContainer(this.#context, this.#find(name), request);
  }

  async rename(name: string, newName: string): Promise<void> {
    const { renameContainer } = await import('./lifecycle/rename.ts');
    renameContainer(this.#context, this.#find(name), newName);
  }

  /** Prepares one more process in a container that runs. The caller becomes the returned program, as with `run`. */
  async exec(name: string, request: ExecRequest): Promise<Handover> {
    const { execInContainer } = await import('./lifecycle/exec.ts');
    return await execInContainer(this.#context, this.#find(name), request);
  }

  /** Prepares to join the streams of a container that runs. The caller becomes the returned program. */
  async attach(name: string, client: ClientOptions): Promise<Joining> {
    const { attachContainer } = await import('./lifecycle/attach.ts');
    return await attachContainer(this.#context, this.#find(name), client);
  }

  /** Joins the streams of a container that runs, as a caller who goes on. Throws as `attach`. */
  async join(name: string, client: ClientOptions): Promise<ProcessStreams> {
    const row = this.#find(name);
    const { attachContainer } = await import('./lifecycle/attach.ts');
    const { processStreams } = await import('./lifecycle/process-streams.ts');
    const joined = untilInput(row.options.process, client);
    const { handover } = await attachContainer(this.#context, row, joined);
    return processStreams(handover, joined, containerPaths(this.#context.paths, row.id).control);
  }

  /** Gives the terminal of a container that runs a size. Throws `conflict` when it does not run or has no terminal. */
  async resize(name: string, size: TerminalSize): Promise<void> {
    const { resizeTerminal } = await import('./lifecycle/attach.ts');
    await resizeTerminal(this.#context, this.#find(name), size);
  }

  /** Keeps why a start failed, as the helper reported it, and says it in words with the exit code that `run` gives. */
  async noteStartFailure(id: string, record: FailureRecord): Promise<ExplainedFailure> {
    const { noteStartFailure } = await import('./lifecycle/start-failure.ts');
    return await noteStartFailure(this.#context, this.#byId(id), record);
  }

  /** Also a step of a build, which nobody finds by a name. */
  #byId(id: string): ContainerRow {
    return containerById(this.#context.database, id) ?? this.#find(id);
  }

  /** Lists containers with what they are doing, newest first; only those that run unless `all`. */
  async list(request: ListRequest): Promise<ListedContainer[]> {
    const { listContainers } = await import('./reports/ps.ts');
    return await listContainers(this.#context, request);
  }

  async get(name: string): Promise<Observed> {
    const row = this.#find(name);
    const { observed } = await import('./state/observe.ts');
    return await observed(this.#context, row);
  }

  /** Docker's JSON. */
  async inspect(name: string, options: InspectOptions = {}): Promise<object> {
    const { withPaused } = await import('./lifecycle/pause.ts');
    const [observed] = withPaused([await this.get(name)]);
    const { inspectContainer } = await import('./inspect/container.ts');
    return await inspectContainer(this.#context, observed as Observed, options);
  }

  /** Returns a container's networks and ports. */
  async networking(name: string): Promise<ContainerNetworking> {
    const observed = await this.get(name);
    const { repairIfDamaged } = await import('./networks/damage.ts');
    await repairIfDamaged(this.#context);
    const { containerNetworking } = await import('./endpoints/shown.ts');
    return containerNetworking(this.#context, observed);
  }

  /** Why it is in the state it is in; also of a `--rm` one that is gone. */
  async why(name: string): Promise<Explanation> {
    const { whyContainer } = await import('./reports/why.ts');
    return await whyContainer(this.#context, name);
  }

  async logs(name: string, request: LogRequest): Promise<AsyncGenerator<LogEntry[]>> {
    const { row } = await this.get(name);
    const { readLogs } = await import('./logs/read.ts');
    return await readLogs(this.#context, row, request);
  }

  /** Returns a container's processes as a table; `options` are those of ps(1). */
  async top(name: string, options: readonly string[]): Promise<ProcessTable> {
    const { containerTop } = await import('./reports/top.ts');
    return await containerTop(this.#context, this.#find(name), options);
  }

  /** Several can be stopped at once. What `request` does not say is the container's own. Undefined: it did not run. */
  async stop(name: string, request: StopOptions = {}): Promise<StopResult | undefined> {
    const { stopContainer } = await import('./lifecycle/stop.ts');
    return await stopContainer(this.#context, this.#find(name), request);
  }

  async kill(name: string, signal: number): Promise<void> {
    const { killContainer } = await import('./lifecycle/stop.ts');
    await killContainer(this.#context, this.#find(name), signal);
  }

  /** Freezes everything in a container, until `unpause`. */
  async pause(name: string): Promise<void> {
    const { pauseContainer } = await import('./lifecycle/pause.ts');
    await pauseContainer(this.#context, this.#find(name));
  }

  async unpause(name: string): Promise<void> {
    const { unpauseContainer } = await import('./lifecycle/pause.ts');
    await unpauseContainer(this.#context, this.#find(name));
  }

  /** What it has changed in its root file system, in pieces, in the order of names. */
  async changes(name: string): Promise<AsyncGenerator<Change[]>> {
    const { containerChanges } = await import('./archives/changes.ts');
    return containerChanges(this.#context, this.#find(name));
  }

  /** What it has changed since a snapshot, in pieces, in the order of names. */
  async changesSince(name: string, snapshot: string): Promise<AsyncGenerator<Change[]>> {
    const { changesSince } = await import('./snapshots/changes.ts');
    return changesSince(this.#context, this.#find(name), snapshot);
  }

  /** Keeps its files as they are now. Returns the name of the snapshot. */
  async snapshot(name: string, options: SnapshotOptions, listener: CopyListener = {}): Promise<string> {
    const { takeSnapshot } = await import('./snapshots/take.ts');
    return await takeSnapshot(this.#context, this.#find(name), options, listener);
  }

  /** Its snapshots, or those of all, newest first. */
  async snapshots(names?: readonly string[]): Promise<SnapshotInfo[]> {
    const { listSnapshots } = await import('./snapshots/list.ts');
    return await listSnapshots(
      this.#context,
      names?.map((name) => this.#find(name)),
    );
  }

  async removeSnapshot(name: string, snapshot: string): Promise<void> {
    const { removeSnapshot } = await import('./snapshots/remove.ts');
    await removeSnapshot(this.#context, this.#find(name), snapshot);
  }

  /** Gives one that does not run the files of a snapshot again, its newest unless it is named. */
  async undo(name: string, snapshot: string | undefined, listener: CopyListener = {}): Promise<Undone> {
    const { undoContainer } = await import('./snapshots/undo.ts');
    return await undoContainer(this.#context, this.#find(name), snapshot, listener);
  }

  /** Makes an image of it. Returns the image's id. */
  async commit(name: string, options: CommitOptions): Promise<Digest> {
    const { commitContainer } = await import('./archives/commit.ts');
    return await commitContainer(this.#context, this.#find(name), options);
  }

  /** Writes its root file system as tar. */
  async exportTo(name: string, request: { to: ExportTarget; signal?: AbortSignal }): Promise<void> {
    const { exportContainer } = await import('./archives/export.ts');
    await exportContainer(this.#context, this.#find(name), request);
  }

  /** Changes limits, of what runs at once, and the restart policy from the next start. What is absent stays. */
  async update(name: string, changes: ContainerChanges): Promise<void> {
    const { updateContainer } = await import('./lifecycle/update.ts');
    await updateContainer(this.#context, this.#find(name), changes);
  }

  /** Yields what containers use, again and again, one second apart; the first after as long. */
  async stats(request: StatsRequest): Promise<AsyncGenerator<ContainerStats[]>> {
    const { watchStats } = await import('./reports/stats.ts');
    return watchStats(this.#context, request);
  }

  /** Yields all that is counted of a container, at once and again and again, one second apart, until it is removed. */
  async counters(name: string, signal?: AbortSignal): Promise<AsyncGenerator<CounterSample>> {
    const { watchCounters } = await import('./reports/counters.ts');
    return watchCounters(this.#context, this.#find(name), signal);
  }

  /** The exit code, once the container does not run, or once another condition is met; also of a `--rm` one that is gone. */
  async wait(name: string, condition: WaitCondition = 'stopped', signal?: AbortSignal): Promise<number> {
    const { waitContainer } = await import('./lifecycle/wait.ts');
    return await waitContainer(this.#context, name, condition, signal);
  }

  /** Copies files and directories between the host and containers, by Docker's rules. */
  async copy(request: CopyRequest, listener: CopyListener = {}): Promise<Copied> {
    const { copyFiles } = await import('./archives/copy.ts');
    return await copyFiles(this.#context, request, listener);
  }

  /** Writes what lies at a path in a container as tar to standard output. */
  async copyOut(from: ContainerPath, options: { followLink: boolean }, signal?: AbortSignal): Promise<void> {
    const { exportFiles } = await import('./archives/copy.ts');
    await exportFiles(this.#context, from, options, signal);
  }

  /** Hands what lies at a path in a container to `read`: what it is, and an archive of it, bit by bit. */
  async readFiles(from: ContainerPath, read: FilesReader, signal?: AbortSignal): Promise<void> {
    const { readFiles } = await import('./archives/copy.ts');
    await readFiles(this.#context, from, read, signal);
  }

  /** Tells what lies at a path in a container. */
  async findFile(at: ContainerPath): Promise<FoundPath> {
    const { findFile } = await import('./archives/copy.ts');
    return await findFile(this.#context, at);
  }

  /** Makes what a tar archive holds, which may be compressed, in a directory of a container. */
  async copyIn(
    source: AsyncIterable<Uint8Array>,
    to: ContainerPath,
    listener: CopyListener = {},
  ): Promise<Copied> {
    const { importFiles } = await import('./archives/copy.ts');
    return await importFiles(this.#context, source, to, listener);
  }

  /** With `volumes` also its anonymous volumes that no other container uses. */
  async remove(name: string, options: { force: boolean; volumes?: boolean }): Promise<void> {
    const { removeContainer } = await import('./lifecycle/remove.ts');
    await removeContainer(this.#context, this.#find(name), options);
  }

  /** Removes the rows of `--rm` containers that are gone, and their anonymous volumes: what the helper calls. */
  async sweepDeparted(): Promise<void> {
    const { sweepDeparted } = await import('./state/departures.ts');
    sweepDeparted(this.#context);
    const { trashOf } = await import('./store/trash.ts');
    await trashOf(this.#context).empty();
  }

  /** Removes everything that does not run and fits the filters. */
  async prune(filters: PruneFilters = {}): Promise<PrunedContainers> {
    const { pruneContainers } = await import('./lifecycle/prune.ts');
    return await pruneContainers(this.#context, filters);
  }

  /** Starts what has to run after a reboot, by its restart policy. */
  async startAll(): Promise<StartedContainer[]> {
    const { startAll } = await import('./system/start-all.ts');
    return await startAll(this.#context);
  }

  /** Stops everything, as before a reboot: what was to run is still to run afterwards. */
  async stopAll(): Promise<void> {
    const { stopAll } = await import('./system/start-all.ts');
    await stopAll(this.#context);
  }

  /** The text of a systemd unit that calls `system start-all` and `system stop-all`. */
  async systemdUnit(): Promise<string> {
    const { systemdUnit } = await import('./system/unit.ts');
    return systemdUnit(this.#context);
  }

  /** The texts of the units by which systemd listens at `path` for clients of Docker's Engine API. */
  async apiUnits(path: string): Promise<import('./system/unit.ts').ApiUnits> {
    const { apiUnits } = await import('./system/unit.ts');
    const { groupId, SOCKET_GROUP } = await import('../host/group.ts');
    return apiUnits(this.#context, path, groupId(SOCKET_GROUP) === undefined ? undefined : SOCKET_GROUP);
  }

  #find(name: string): ContainerRow {
    return findContainer(this.#context.database, name);
  }
}
