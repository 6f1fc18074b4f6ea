/** A feature that a host offers, or lacks. */
export interface Finding {
  topic:
    | 'containers'
    | 'rights'
    | 'kernel'
    | 'namespaces'
    | 'cgroups'
    | 'store'
    | 'security'
    | 'network'
    | 'ids';
  name: string;
  state: 'ok' | 'limited' | 'missing';
  detail: string;
  /** Tells what cannot be done without it. */
  cost?: string | undefined;
  /** How to get it. */
  remedy?: string | undefined;
}
