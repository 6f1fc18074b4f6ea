import { namesIn } from '../../host/missing.ts';
import type { StorePaths } from '../../host/paths.ts';

/** The three files that every container gets bind mounted over its own. Absolute host paths. */
export interface HostsFiles {
  hosts: string;
  hostname: string;
  resolvConf: string;
}

/** The paths of a store below which containers have something of their own. */
export type PathsOfContainers = Pick<StorePaths, 'containers' | 'run' | 'gone' | 'names'>;

/**
 * Says where everything of one container lies, whether it is there or not (STORE.md, "On disk", in its order). Paths are
 * absolute. Nobody else composes them.
 */
export function containerPaths(paths: PathsOfContainers, id: string): ContainerPaths {
  return new ContainerPaths(paths, id);
}

/** Paths are composed when somebody asks: lists of thousands look at two or three of each container. */
export class ContainerPaths {
  /** `containers/<id>/`: what stays between runs. */
  readonly directory: string;
  /** RUN`/<id>/`: what a run has, until its teardown is complete. */
  readonly runDir: string;
  readonly #paths: PathsOfContainers;
  readonly #id: string;

  constructor(paths: PathsOfContainers, id: string) {
    this.directory = `${paths.containers}/${id}`;
    this.runDir = `${paths.run}/${id}`;
    this.#paths = paths;
    this.#id = id;
  }

  /** The `config.json` of the last start; comes last when a container is made. */
  get config(): string {
    return `${this.directory}/config.json`;
  }

  get hostsFiles(): HostsFiles {
    return {
      hosts: `${this.directory}/hosts`,
      hostname: `${this.directory}/hostname`,
      resolvConf: `${this.directory}/resolv.conf`,
    };
  }

  get localtime(): string {
    return `${this.directory}/localtime`;
  }

  /** The files that the container has changed: overlay's upper directory. */
  get upper(): string {
    return `${this.directory}/upper`;
  }

  /** What it has changed on one of the directories of the host that it sees through overlays. */
  overlay(index: number): { upper: string; work: string } {
    const directory = `${this.directory}/overlays/${index}`;
    return { upper: `${directory}/upper`, work: `${directory}/work` };
  }

  /** A directory with the snapshots, by name: each is what `upper` was at a moment. */
  get snapshots(): string {
    return `${this.directory}/snapshots`;
  }

  get work(): string {
    return `${this.directory}/work`;
  }

  /** The directory where the container's root is mounted, seen by its own processes only. */
  get rootfs(): string {
    return `${this.directory}/rootfs`;
  }

  /** The log that is written; what was put aside has a number behind that. */
  get log(): string {
    return `${this.directory}/log`;
  }

  /** The record of how the last run ended. */
  get exit(): string {
    return `${this.directory}/exit`;
  }

  get plan(): string {
    return `${this.runDir}/plan`;
  }

  /** The monitor's record of who runs. */
  get state(): string {
    return `${this.runDir}/state`;
  }

  /** The socket on which the monitor takes requests. */
  get control(): string {
    return `${this.runDir}/ctl`;
  }

  /** The monitor's record of the health checks. */
  get health(): string {
    return `${this.runDir}/health`;
  }

  /** The plan of the monitor's cgroups that updates have added. */
  get monitorCgroups(): string {
    return `${this.runDir}/monitor-cgroups`;
  }

  /** The attributes for events of a container that was renamed since its plan was written. */
  get eventAttributes(): string {
    return `${this.runDir}/event-attributes`;
  }

  /** The plans, states and exit records of the processes that `exec` started. */
  get execs(): string {
    return `${this.runDir}/exec`;
  }

  /** A directory with the network file of each endpoint, by its interface. */
  get networks(): string {
    return `${this.runDir}/networks`;
  }

  /** The file of the ports that the monitor holds. */
  get ports(): string {
    return `${this.runDir}/ports`;
  }

  get resolverRules(): string {
    return `${this.runDir}/resolver-rules`;
  }

  /** The mark that a `--rm` container is gone. */
  get gone(): string {
    return `${this.#paths.gone}/${this.#id}`;
  }

  /** The names and servers for the container's resolver. */
  get resolver(): string {
    return `${this.#paths.names}/containers/${this.#id}`;
  }

  /** Returns the file of the container's names on a network, by which it is found there. */
  get names(): (networkId: string) => string {
    return (networkId) => `${namesOfNetwork(this.#paths, networkId)}/${this.#id}`;
  }
}

/** The directory of the names of all containers of a network. */
export function namesOfNetwork({ names }: Pick<StorePaths, 'names'>, networkId: string): string {
  return `${names}/networks/${networkId}`;
}

const ID = /^[0-9a-f]{64}$/;

/** The ids of containers with a runtime directory: of those that run, and of those nobody has cleaned up after. */
export function runtimeIds({ run }: Pick<StorePaths, 'run'>): string[] {
  return namesIn(run).filter((name) => ID.test(name));
}
