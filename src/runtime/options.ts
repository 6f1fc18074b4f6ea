/**
 * Everything that the runtime is told about one container, grouped by concern. Faces and the engine fill it in;
 * nothing below changes it. Paths are absolute paths of the host unless said otherwise.
 */
export interface ContainerOptions {
  identity: IdentityOptions;
  process: ProcessOptions;
  rootfs: RootfsOptions;
  files: FileOptions;
  isolation: IsolationOptions;
  resources: ResourceOptions;
  stdio: StdioOptions;
  stop: StopOptions;
}

export interface IdentityOptions {
  /** 64 hex digits. */
  id: string;
  /** RUN/ID: holds the plan, the monitor's state and its socket. */
  runDir: string;
  /** containers/ID below the state root: config.json, log, exit record. */
  containerDir: string;
  /** `--rm`: when the container ends its files go, and a mark says that its row may go too. */
  autoRemove: false | { goneMark: string; trash: string };
}

export interface ProcessOptions {
  /** Entrypoint and command, never empty. */
  argv: string[];
  /** `KEY=VALUE` each, of the image and of the user; later entries win. */
  env: string[];
  /** Inside the container; made when missing. */
  cwd: string;
  /** `uid[:gid]` or names, as Docker reads them; empty: root. */
  user: string;
}

export interface RootfsOptions {
  /** Unpacked layers, topmost first. */
  lowers: string[];
  upper: string;
  work: string;
  /** Where the overlay is mounted, inside the container's mount namespace only. */
  mountPoint: string;
  readOnly: boolean;
}

/** The files of the engine that replace those of the image in /etc. */
export interface FileOptions {
  hostname: string;
  hosts: string;
  resolvConf: string;
}

export interface IsolationOptions {
  hostname: string;
  network: 'none' | 'host';
}

/** What is absent is not limited. */
export interface ResourceOptions {
  /** Bytes. */
  memory?: number | undefined;
  /** Billionths of a CPU: `--cpus 0.5` is 500,000,000. */
  nanoCpus?: number | undefined;
  pidsLimit?: number | undefined;
}

export interface StdioOptions {
  /** `-i`: standard input is relayed from the client; otherwise it is /dev/null. */
  stdin: boolean;
  logPath: string;
  logMaxBytes: number;
  logMaxFiles: number;
}

export interface StopOptions {
  /** The number of the signal that asks the container to end. */
  signal: number;
  /** How long it may take before SIGKILL, in ms. */
  timeoutMs: number;
}
