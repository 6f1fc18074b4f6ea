/** Why a JSON list is no list of words, and no line for a shell either. */
export interface WrongList {
  /** What it is: `a list of other things than strings`. */
  isA: string;
  hint: string;
}

/**
 * The members of a JSON list of strings; undefined for what is no JSON list, and so a line for a shell. No argument of a
 * system call can hold a NUL character.
 */
export function execForm(text: string): string[] | WrongList | undefined {
  if (!/^\s*\[/.test(text)) return undefined;
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(list)) return undefined;
  if (!list.every((word) => typeof word === 'string'))
    return {
      isA: 'a list of other things than strings',
      hint: 'a JSON list has strings only, in double quotes',
    };
  if (list.some((word) => word.includes('\0')))
    return { isA: 'a list with a NUL character', hint: 'no command, path or name can hold one' };
  return list;
}

export function isWrong(words: string[] | WrongList | undefined): words is WrongList {
  return words !== undefined && !Array.isArray(words);
}
