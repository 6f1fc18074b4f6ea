import { EngineError } from '../../errors.ts';
import type { CreateOptions, RestartPolicy } from './create.ts';

/**
 * Throws `invalid` for a policy that cannot be, and for one of a container that is removed when it ends: `kind` is
 * `conflict` where that was decided before.
 */
export function checkRestart(
  { name: policy, maximum = 0 }: RestartPolicy,
  { name, autoRemove }: Pick<CreateOptions, 'name' | 'autoRemove'>,
  kind: 'invalid' | 'conflict' = 'invalid',
): void {
  if (!Number.isSafeInteger(maximum) || maximum < 0) {
    throw new EngineError('invalid', `the number of restarts cannot be ${maximum}`, {
      subject: String(maximum),
      hint: 'give a whole number, not negative; 0 is no limit',
    });
  }
  if (maximum > 0 && policy !== 'on-failure') {
    throw new EngineError('invalid', `the restart policy ${policy} takes no number of attempts`, {
      subject: policy,
      hint: 'only on-failure takes a number',
    });
  }
  if (!autoRemove || policy === 'no') return;
  const which = name === undefined ? 'the container' : `container ${name}`;
  throw new EngineError(kind, `${which} cannot have a restart policy: it is removed when it ends`, {
    subject: name,
    hint: 'leave --restart or --rm out: what is removed cannot be started again',
  });
}
