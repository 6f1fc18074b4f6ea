import { EngineError } from '../../errors.ts';
import type { Instruction } from './instruction.ts';
import { parseDockerfile } from './parse.ts';

/** What an ONBUILD leaves in the config: the instruction, and its documents below. */
export function triggerText({ rest, heredocs }: Pick<Instruction, 'rest' | 'heredocs'>): string {
  return [rest, ...heredocs.map(({ source, name }) => source + name)].join('\n');
}

/**
 * Reads a trigger of a base. It stands where the stage's FROM does, which is what put it there. Throws `invalid` for what
 * is not one instruction.
 */
export function parseTrigger(text: string, from: Instruction): Instruction {
  const { instructions } = parseDockerfile(text, { name: 'ONBUILD' });
  const [instruction, ...others] = instructions;
  if (instruction === undefined || others.length > 0)
    throw new EngineError('invalid', `the trigger "${text}" is not one instruction`, { subject: text });
  const { start, endLine, source } = from;
  const flags = instruction.flags.map((flag) => ({ ...flag, at: start }));
  return { ...instruction, flags, restAt: start, start, endLine, source, isTrigger: true };
}
