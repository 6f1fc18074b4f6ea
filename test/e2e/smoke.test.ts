import { spawn } from 'node:child_process';
import { describe } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { COMMAND, useStore } from '../helpers/skiff.ts';
import { itShowsTheSmokeSet, SMOKE } from '../helpers/smoke.ts';

const store = useStore();
const busybox = useBusybox(store);

/** In a network namespace of its own, so that this machine's stays as it is. */
const SCRIPT = 'ip link set lo up && unset SKIFF_NETWORK && exec setpriv --pdeathsig TERM sh "$@"';

describe('on this machine', () => {
  itShowsTheSmokeSet(
    () =>
      spawn('unshare', ['--net', 'sh', '-c', SCRIPT, 'sh', SMOKE, COMMAND.join(' '), store.root, busybox]),
    120_000,
  );
});
