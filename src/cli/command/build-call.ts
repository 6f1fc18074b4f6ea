import type { CheckOptions } from '../../engine/build/check.ts';
import type { ExplainBuildOptions } from '../../engine/explain/build.ts';
import type { EngineError } from '../../errors.ts';
import type { BuildCall } from '../../grammar/build-call.ts';
import { checkJson, renderCheck, renderTargets, targetsJson } from '../output/build-check.ts';
import { outlineJson, renderOutline } from '../output/build-outline.ts';
import { print } from '../output/print.ts';
import { interruptible } from './interruptible.ts';
import type { Session } from './session.ts';
import { warningsOf } from './warnings.ts';

/**
 * Answers what is asked of a build instead of building. As with Docker the exit code of a check is 1 when it has found
 * anything by BuildKit's rules, or the file is wrong, for which the error is returned; practices of our own alone are no failure.
 */
export async function answerBuildCall(
  session: Session,
  options: Omit<CheckOptions, 'signal'>,
  { method, format, ignoresStatus }: BuildCall,
): Promise<EngineError | undefined> {
  const { builder } = await session.engine();
  if (method === 'targets') {
    const { file, targets } = await interruptible((signal) => builder.targets({ ...options, signal }));
    print(format === 'json' ? targetsJson(file, targets) : renderTargets(targets));
    return undefined;
  }
  if (method === 'outline') {
    const { file, outline } = await interruptible((signal) => builder.outline({ ...options, signal }));
    print(format === 'json' ? outlineJson(file, outline) : renderOutline(outline));
    return undefined;
  }
  const checked = await interruptible((signal) => builder.check({ ...options, signal }));
  print(format === 'json' ? checkJson(checked) : renderCheck(checked));
  const { findings, error } = checked;
  const isFailed = error !== undefined || findings.some(({ url }) => url !== undefined);
  if (isFailed && !ignoresStatus) process.exitCode = 1;
  return format === 'json' || ignoresStatus ? undefined : error;
}

/**
 * Says what a build would do; as data a list of that when it is for several platforms. Registries are asked for what is not here,
 * which changes nothing there either.
 */
export async function explainBuild(
  session: Session,
  options: Omit<ExplainBuildOptions, 'signal'>,
  format: 'text' | 'json',
): Promise<void> {
  const { builder } = await session.engine();
  const warn = warningsOf(session);
  const explained = await interruptible((signal) => builder.explain({ ...options, warn, signal }));
  const { renderBuild } = await import('../output/explained-build.ts');
  const { visibleJson } = await import('../text/visible.ts');
  const data = explained.length === 1 ? explained[0] : explained;
  print(format === 'json' ? `${visibleJson(data, { indent: 4 })}\n` : explained.map(renderBuild).join('\n'));
}
