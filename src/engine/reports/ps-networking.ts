import { containerNetworking } from '../endpoints/shown.ts';
import type { LeaseView } from '../leases/view.ts';
import type { ContainerEndpoint, ContainerPort } from '../options/network.ts';
import type { Observed } from '../state/observe.ts';
import type { Context } from '../store/context.ts';

/** A container's networks and ports, as lists show them. */
export interface ListedNetworking {
  /** `none` and `host` are among them, without an id; with another container's namespace there are none of its own. */
  networks: readonly { name: string; id?: string }[];
  /** Its place on each network that it is on. */
  endpoints: readonly ContainerEndpoint[];
  ports: readonly ContainerPort[];
}

/** Asks nobody for those that are on no network. */
export function listedNetworking(
  context: Context,
  { row, status }: Observed,
  view: LeaseView,
): ListedNetworking {
  const { network: mode } = row.options.namespaces;
  if (mode !== 'networks') {
    return { networks: typeof mode === 'string' ? [{ name: mode }] : [], endpoints: [], ports: [] };
  }
  const { endpoints, ports } = containerNetworking(context, { row, status }, view);
  return { networks: endpoints.map(({ network }) => network), endpoints, ports };
}
