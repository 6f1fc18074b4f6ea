import type { NetworkChange } from '../../engine/endpoints/connect.ts';
import { tell } from './tell.ts';

/** Says on standard error what a change of networks has not done. */
export function remarkOnHosts({ container, isInHosts }: NetworkChange): void {
  if (isInHosts) return;
  tell(
    `skiff: /etc/hosts of container ${container} is longer than 1 MB, or kept from being written, and was left as it is`,
  );
}
