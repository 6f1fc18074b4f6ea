import type { CgroupPlan } from '../cgroup/plan.ts';
import type { ContainerOptions } from '../options.ts';

/**
 * The facts that a plan needs besides the spec: the container's directories on this host, and the command that explains
 * its failures.
 */
export interface Placement
  extends Pick<
    ContainerOptions,
    | 'identity'
    | 'process'
    | 'rootfs'
    | 'memory'
    | 'mounts'
    | 'hostMounts'
    | 'namespaces'
    | 'log'
    | 'stop'
    | 'supervision'
  > {
  cgroup: CgroupPlan;
  /** argv of the command that explains a failed start; the helper appends stage, errno and detail. */
  failure: readonly string[];
  /** A compiled program (an array of struct sock_filter) and the flags of seccomp(2); absent: nothing is filtered. */
  seccomp?: { file: string; flags: readonly string[] } | undefined;
  /** Absent: no network but its own loopback, the host's, or another container's. */
  networking?: NetworkingPlacement | undefined;
}

/** The files by which the monitor brings a container's networks up (src/network/NETWORKS.md). */
export interface NetworkingPlacement {
  networksDirectory: string;
  /** Absent: nothing is published. */
  portsFile?: string | undefined;
  /** The chain that has so many rules as long as nobody touched the firewall. */
  firewall: { table: string; chain: string; rules: number };
  /** argv of the command that makes the firewall and the links of networks what they should be. */
  repair: readonly string[];
  /** The network file that whoever is the last on networks performs, if it is there; absent: nobody does. */
  lastOut?: string | undefined;
  /** The file of what the resolver may say, and that of the messages of nf_tables that lead to it. */
  resolver?: { config: string; rules: string } | undefined;
  /** Files by which others find it: they go also with a start that fails before the networks are up. */
  names?: readonly string[] | undefined;
}
