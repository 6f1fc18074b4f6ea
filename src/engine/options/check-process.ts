import { EngineError } from '../../errors.ts';
import type { ProcessOptions } from './create.ts';

/** Refuses an init and groups that cannot be, or not together. Throws `invalid`. */
export function checkProcess(options: ProcessOptions): void {
  checkInit(options);
  checkGroups(options);
}

function checkInit({ init, initPath }: ProcessOptions): void {
  if (initPath === undefined) return;
  if (!initPath.startsWith('/')) {
    throw new EngineError('invalid', `the path of an init must be absolute: ${initPath}`, {
      subject: initPath,
      hint: `write /${initPath}`,
    });
  }
  if (init === true) return;
  throw new EngineError('invalid', `${initPath} is named as an init, and none is asked for`, {
    subject: initPath,
    hint: 'say --init with --init-path',
  });
}

/** As in Podman. */
function checkGroups({ groups = [] }: ProcessOptions): void {
  if (!groups.includes('keep-groups') || groups.length === 1) return;
  throw new EngineError('invalid', 'keep-groups and other groups contradict each other', {
    subject: 'keep-groups',
    hint: 'with --group-add keep-groups the groups are those of whoever starts the container, and no others',
  });
}
