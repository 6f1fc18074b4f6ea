import type { Explanation } from '../../engine/reports/why.ts';
import { EngineError } from '../../errors.ts';
import { humanMemory } from '../text/units.ts';

/**
 * Returns the message for a container in the foreground that the kernel has killed for want of memory; undefined when
 * it ended for another reason.
 */
export function memoryRemark({ cause, evidence, name }: Explanation): EngineError | undefined {
  if (cause.kind !== 'memory') return undefined;
  const { memoryLimit, end } = evidence;
  const victim = cause.certain ? 'the container' : 'a process of the container';
  const code = `(exit code ${end?.code})`;
  if (memoryLimit === undefined) {
    return new EngineError('unavailable', `the kernel killed ${victim} for want of memory ${code}`, {
      hint: `it has no limit of its own: a cgroup above it, or the host, was out of memory; skiff why ${name} tells more`,
    });
  }
  return new EngineError(
    'unavailable',
    `${victim} reached its memory limit of ${humanMemory(memoryLimit)} and the kernel killed it ${code}`,
    { hint: `give it more with -m; skiff why ${name} tells more` },
  );
}
