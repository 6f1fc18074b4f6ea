import { spawn } from 'node:child_process';
import { describe } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { COMMAND, useStore } from '../helpers/skiff.ts';
import { itShowsTheSmokeSet, SMOKE } from '../helpers/smoke.ts';

const store = useStore();
let busybox: string;
useBusybox(store, (reference) => {
  busybox = reference;
});

describe('on this machine', () => {
  itShowsTheSmokeSet(
    () => spawn('setpriv', ['--pdeathsig', 'TERM', 'sh', SMOKE, COMMAND.join(' '), store.root, busybox]),
    120_000,
  );
});
