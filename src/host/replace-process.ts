import { EngineError } from '../errors.ts';

/** A program that takes this process's place: what `process.execve` wants. `args[0]` is the program's own name. */
export interface Handover {
  file: string;
  args: string[];
  env?: Record<string, string>;
}

/** Becomes another program, keeping pid, terminal and standard streams (execve(2)). Returns only by throwing. */
export function replaceProcess(handover: Handover): never {
  const { file, args, env } = handover;
  const execve = process.execve?.bind(process);
  if (execve === undefined) {
    throw new EngineError('unsupported', 'this JavaScript runtime cannot replace its process', {
      hint: 'Node 24 or newer, or the skiff executable, can',
    });
  }
  execve(file, args, env ?? definedEnvironment());
  throw new EngineError('internal', `cannot execute ${file}`);
}

function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
