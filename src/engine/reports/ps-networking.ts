import { containerNetworking } from '../endpoints/shown.ts';
import type { LeaseView } from '../leases/view.ts';
import type { ContainerEndpoint, ContainerPort } from '../options/network.ts';
import type { Observed } from '../state/observe.ts';
import type { Context } from '../store/context.ts';

/** A container's networks and ports, as lists show them. */
export interface ListedNetworking {
  /** `none` and `host` are among them; with another container's namespace there are none of its own. */
  networks: readonly { name: string; id: string }[];
  /** Its place on each network that it is on. */
  endpoints: readonly ContainerEndpoint[];
  ports: readonly ContainerPort[];
}

/** The same as of one container, with the network by which each is listed. */
export function listedNetworking(
  context: Context,
  { row, status }: Observed,
  view: LeaseView,
): ListedNetworking {
  const { endpoints, ports } = containerNetworking(context, { row, status }, view);
  return { networks: endpoints.map(({ network }) => network), endpoints, ports };
}
