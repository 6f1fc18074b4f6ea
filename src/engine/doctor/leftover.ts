/** A thing that a process left when it died. */
export interface Leftover {
  kind:
    | 'container'
    | 'runtime directory'
    | 'container directory'
    | 'volume directory'
    | 'snapshot directory'
    | 'cgroup'
    | 'temporary directory'
    | 'trash'
    | 'lock'
    | 'store'
    | 'bridge';
  /** A container's name, or a path. */
  name: string;
  detail: string;
  /** Why it is not to be touched: it may belong to somebody alive. */
  foreign?: string | undefined;
  /** Cleans it; may run beside other commands that do the same. */
  clean(): Promise<void>;
}
