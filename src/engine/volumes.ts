import type { Copied } from '../storage/archive/answer.ts';
import type { PruneFilters } from './options/prune.ts';
import type { CreateVolumeOptions, PrunedVolumes, VolumeFilters, VolumeInfo } from './options/volume.ts';
import type { Context } from './store/context.ts';

/** Use cases of volumes. Names are whole names, or beginnings of an anonymous one's that fit only one. */
export class Volumes {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Returns its name. One that is there already is fine, unless it is to have other options or labels (`conflict`). */
  async create(options: CreateVolumeOptions): Promise<string> {
    const { createVolume } = await import('./volumes/create.ts');
    return await createVolume(this.#context, options);
  }

  /** By name. */
  async list(filters: VolumeFilters = {}): Promise<VolumeInfo[]> {
    const { listVolumes } = await import('./volumes/list.ts');
    return listVolumes(this.#context, filters);
  }

  /** Throws `notFound`. */
  async get(name: string): Promise<VolumeInfo> {
    const { volumeInfo } = await import('./volumes/list.ts');
    return volumeInfo(this.#context, name);
  }

  /** With all that is in it. Throws `conflict` while a container uses it, running or not. */
  async remove(name: string): Promise<void> {
    const { removeVolume } = await import('./volumes/remove.ts');
    await removeVolume(this.#context, name);
  }

  /** Removes what no container uses, running or not: anonymous volumes, or `all`. */
  async prune(filters: PruneFilters = {}, { all = false } = {}): Promise<PrunedVolumes> {
    const { pruneVolumes } = await import('./volumes/remove.ts');
    return await pruneVolumes(this.#context, filters, { all });
  }

  /** Writes what is in it as tar to a descriptor. */
  async exportTo(name: string, descriptor: number): Promise<void> {
    const { exportVolume } = await import('./volumes/transfer.ts');
    await exportVolume(this.#context, name, descriptor);
  }

  /** Makes in it what a tar archive holds, which may be compressed; what is there besides stays. */
  async importFrom(name: string, source: AsyncIterable<Uint8Array>): Promise<Copied> {
    const { importVolume } = await import('./volumes/transfer.ts');
    return await importVolume(this.#context, name, source);
  }

  /** Throws `conflict` when the name is taken, and while a container that uses it is up. */
  async rename(name: string, newName: string): Promise<void> {
    const { renameVolumeTo } = await import('./volumes/rename.ts');
    await renameVolumeTo(this.#context, name, newName);
  }
}
