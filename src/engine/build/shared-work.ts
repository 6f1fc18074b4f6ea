import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Workspace } from '../store/workspace.ts';
import type { BaseImage } from './base.ts';
import type { StepResult } from './cache.ts';
import { DeferredImages } from './deferred-images.ts';
import type { ShellOpener } from './options.ts';

/** What the builds of one command share, one for each platform: images are looked for once, steps that are the same are done once. */
export class SharedWork {
  readonly #failures: KeptFailure[] = [];
  /** By name and platform. */
  readonly images = new Map<string, Promise<BaseImage>>();
  /** Directories of contexts, by name. */
  readonly contexts = new Map<string, Promise<string>>();
  /** Those of which nobody has needed the files. */
  readonly deferred = new DeferredImages();
  /** By their keys. */
  readonly steps = new Map<Digest, Promise<StepResult>>();
  readonly #tmp: Workspace['tmp'];
  readonly #fetches = new Map<string, Promise<unknown>>();
  readonly #told = new Set<string>();
  #directories = 0;

  constructor({ tmp }: Pick<Workspace, 'tmp'>) {
    this.#tmp = tmp;
  }

  /** Looks for an image after the others of the same name, so that what these leave is found. */
  async inTurn<T>(reference: string, find: () => Promise<T>): Promise<T> {
    const before = this.#fetches.get(reference);
    const own = (async () => {
      await before?.catch(() => {});
      return await find();
    })();
    this.#fetches.set(reference, own);
    return await own;
  }

  /** Whether somebody has told already of a step of this name that is the very same: of a stage that several platforms share. */
  isTold(name: string, key: Digest | undefined): boolean {
    const text = `${key} ${name}`;
    const isTold = this.#told.has(text);
    this.#told.add(text);
    return isTold;
  }

  /** A new directory of this build's own, on the file system of the store. */
  directory(): string {
    this.#directories += 1;
    const path = join(this.#tmp(), `build-${this.#directories}`);
    mkdirSync(path, { mode: 0o755 });
    return path;
  }

  /** Resolves when nothing is under way any more. */
  async rest(): Promise<void> {
    await Promise.allSettled([...this.images.values(), ...this.contexts.values(), ...this.steps.values()]);
  }

  /** Keeps what a step that has failed had mounted, until `letGo`. */
  keepFailure(failure: KeptFailure): void {
    this.#failures.push(failure);
  }

  /** What opens a shell where the step has failed that has this error, or was the cause of it. */
  shellAt(error: EngineError): ShellOpener | undefined {
    return this.#failures.find(({ cause }) => cause === error || cause === error.cause)?.openShell;
  }

  /** Nobody opens a shell any more. */
  async letGo(): Promise<void> {
    for (const { held } of this.#failures.splice(0)) await held[Symbol.asyncDispose]();
  }
}

/** A step that has failed, kept for a shell. */
interface KeptFailure {
  /** What it has thrown. */
  cause: EngineError;
  openShell: ShellOpener;
  /** What it had mounted. */
  held: AsyncDisposable;
}
