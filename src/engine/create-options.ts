import type { Platform } from '../oci/platform.ts';

/**
 * What a face asks for when it creates a container, grouped by concern. The same type whether the wish came from a
 * command line, an HTTP body or a manifest; what is absent comes from the image or from the engine's defaults.
 */
export interface CreateOptions {
  /** The image as the user named it. */
  image: string;
  /** `name` absent: one is made up. */
  name?: string | undefined;
  platform?: Platform | undefined;
  process: ProcessOptions;
  isolation: IsolationOptions;
  resources: ResourceOptions;
  /** The container and its files go when it ends. */
  autoRemove: boolean;
}

export interface ProcessOptions {
  /** Replaces the image's ENTRYPOINT, and drops its CMD; an empty list clears it. */
  entrypoint?: string[] | undefined;
  /** Replaces the image's CMD when not empty. */
  command: string[];
  /** `KEY=VALUE`, in addition to the image's. */
  env: string[];
  /** Absolute path inside the container. */
  cwd?: string | undefined;
  /** `name|uid[:group|gid]`, looked up inside the container. */
  user?: string | undefined;
  /** Keeps stdin open and relays it. */
  stdin: boolean;
}

export interface IsolationOptions {
  hostname?: string | undefined;
  network: 'none' | 'host';
  /** Mounts the root file system read-only. */
  readOnly: boolean;
}

export interface ResourceOptions {
  /** Bytes. */
  memory?: number | undefined;
  /** Billionths of a CPU: `--cpus 0.5` is 500,000,000. */
  nanoCpus?: number | undefined;
  /** Processes and threads. */
  pidsLimit?: number | undefined;
}
