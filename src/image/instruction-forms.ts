import { EngineError } from '../errors.ts';

const SHELL = ['/bin/sh', '-c'];

/** The words of `["a", "b"]`; the rest of the line for a shell otherwise. Throws as {@link execForm}. */
export function shellOrExec(rest: string, shell: readonly string[] = SHELL): string[] {
  return execForm(rest) ?? [...shell, ...(rest === '' ? [] : [rest])];
}

/**
 * The members of a JSON list of strings; undefined for what is no JSON list, and so a line for a shell. Throws `invalid`
 * for a list of other things.
 */
export function execForm(rest: string): string[] | undefined {
  if (!rest.startsWith('[')) return undefined;
  let list: unknown;
  try {
    list = JSON.parse(rest);
  } catch {
    return undefined;
  }
  if (Array.isArray(list) && list.every((word) => typeof word === 'string')) return list;
  throw new EngineError('invalid', `${rest} is a list of other things than strings`, { subject: rest });
}
