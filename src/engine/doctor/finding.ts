/** One thing that a host offers, or not. */
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
  /** What cannot be done without it. */
  cost?: string | undefined;
  /** How to get it. */
  remedy?: string | undefined;
}
