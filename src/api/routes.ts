import { ABSENT_ROUTES } from './absent/routes.ts';
import { BUILD_ROUTES } from './build/routes.ts';
import { CONTAINER_ROUTES } from './containers/routes.ts';
import { EXEC_ROUTES } from './execs/routes.ts';
import type { Route } from './http/route.ts';
import { IMAGE_ROUTES } from './images/routes.ts';
import { NETWORK_ROUTES } from './networks/routes.ts';
import { SYSTEM_ROUTES } from './system/routes.ts';
import { VOLUME_ROUTES } from './volumes/routes.ts';

/** Every endpoint of Docker's Engine API that there is. A path that is a word comes before one that is a name. */
export const ROUTES: readonly Route[] = [
  ...SYSTEM_ROUTES,
  ...CONTAINER_ROUTES,
  ...EXEC_ROUTES,
  ...IMAGE_ROUTES,
  ...BUILD_ROUTES,
  ...NETWORK_ROUTES,
  ...VOLUME_ROUTES,
  ...ABSENT_ROUTES,
];
