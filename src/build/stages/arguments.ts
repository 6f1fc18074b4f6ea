import type { Evaluation } from './evaluation.ts';
import { argumentWords } from './pairs.ts';
import { isOutsideOfEnvironment } from './predefined.ts';
import type { BuildScope, StageState } from './step.ts';

/** What an ARG of a stage does to it, and how the history tells it. */
export interface DeclaredArguments extends Pick<StageState, 'arguments' | 'environment'> {
  createdBy: string;
}

/**
 * ARG in a stage: the value is the one that was given, or the one of the line, or the one of an ARG before the first FROM
 * (or a predefined one), or none. Each name of the line sees those before it. Throws `invalid`.
 */
export function declareArguments(one: Evaluation, scope: BuildScope, state: StageState): DeclaredArguments {
  const declared = new Map(state.arguments);
  // The evaluation has this very map: a default sees the arguments before it.
  const environment = one.environment as Map<string, string>;
  const shown = argumentWords(one).map(([name, written]) => {
    const value = givenOr(one, scope, name, written);
    declared.set(name, value);
    if (value !== undefined && !isOutsideOfEnvironment(name)) environment.set(name, value);
    return value === undefined ? name : `${name}=${value}`;
  });
  return { arguments: declared, environment, createdBy: `ARG ${shown.join(' ')}` };
}

function givenOr(
  one: Evaluation,
  { buildArgs, arguments: global }: BuildScope,
  name: string,
  written: string | undefined,
): string | undefined {
  if (Object.hasOwn(buildArgs, name)) return buildArgs[name];
  return written === undefined ? global.get(name) : one.expand(written);
}
