import { EngineError } from '../../errors.ts';
import type { ExecutionConfig } from '../../oci/image-config.ts';
import type { Instruction, Keyword } from '../dockerfile/instruction.ts';
import { parseDockerfile } from '../dockerfile/parse.ts';
import { CONFIG_INSTRUCTIONS } from './config-instructions.ts';
import { environmentOf } from './environment.ts';
import { Evaluation } from './evaluation.ts';

/** Those that Docker takes with `--change`. */
const ALLOWED: readonly Keyword[] = [
  ...(['CMD', 'ENTRYPOINT', 'ENV', 'EXPOSE', 'HEALTHCHECK', 'LABEL', 'ONBUILD', 'USER', 'VOLUME'] as const),
  'WORKDIR',
];

/**
 * Applies instructions of a Dockerfile to a config, as `--change` of commit and import do: each text is one instruction, or
 * several on lines of their own. What is cleared by CMD and ENTRYPOINT without words is the config's own again, as with
 * Docker. Throws `invalid` for what is no instruction, or not one that may stand here.
 */
export function changeConfig(config: ExecutionConfig, changes: readonly string[]): ExecutionConfig {
  const changed = { ...config };
  let commandGiven = false;
  for (const change of changes) {
    for (const instruction of instructionsOf(change)) {
      apply(changed, instruction);
      if (instruction.keyword === 'CMD') commandGiven = true;
      // The image's command was one for another entrypoint.
      else if (instruction.keyword === 'ENTRYPOINT' && !commandGiven) changed.Cmd = undefined;
    }
  }
  changed.ArgsEscaped = config.ArgsEscaped;
  if (!changed.Entrypoint?.length) {
    if (!changed.Cmd?.length) changed.Cmd = config.Cmd;
    changed.Entrypoint = config.Entrypoint;
  }
  changed.Healthcheck = mergedHealth(changed.Healthcheck, config.Healthcheck);
  return changed;
}

function instructionsOf(change: string): readonly Instruction[] {
  const first = /^\s*([^\s#]\S*)/m.exec(change)?.[1];
  if (first === undefined) throw new EngineError('invalid', `the change "${change}" has no instruction`);
  requireAllowed(first);
  const { instructions } = parseDockerfile(change, { name: 'change' });
  for (const { word } of instructions) requireAllowed(word);
  return instructions;
}

function requireAllowed(word: string): void {
  if ((ALLOWED as readonly string[]).includes(word.toUpperCase())) return;
  throw new EngineError('invalid', `${word.toLowerCase()} is not a valid change command`, {
    subject: word,
    hint: `a change is one of ${ALLOWED.join(', ')}`,
  });
}

function apply(config: ExecutionConfig, instruction: Instruction): void {
  const { keyword, rest } = instruction;
  // Without anything behind them they clear what the image has, where a Dockerfile's would run an empty line.
  if (rest === '' && keyword === 'ENTRYPOINT') config.Entrypoint = undefined;
  else {
    const environment = environmentOf(config);
    const one = new Evaluation(instruction, { file: undefined, escape: '\\', environment });
    CONFIG_INSTRUCTIONS[keyword]?.(config, one);
    if (rest === '') config.Cmd = config.Cmd?.slice(0, -1);
  }
}

/** What a new check does not say stays as it was. */
function mergedHealth(
  given: ExecutionConfig['Healthcheck'],
  before: ExecutionConfig['Healthcheck'],
): ExecutionConfig['Healthcheck'] {
  if (given === undefined || before === undefined) return given ?? before;
  const said = Object.entries(given).filter(([, value]) => value !== undefined && value !== 0);
  return { ...before, ...Object.fromEntries(said) };
}
