import { splitWords } from '../words/split.ts';
import type { Evaluation } from './evaluation.ts';

/**
 * The names and values of ENV and LABEL, expanded: `NAME=VALUE…`, or the old form `NAME VALUE`, whose value is the rest of
 * the line.
 */
export function pairs(one: Evaluation): [string, string][] {
  const { keyword, rest } = one.instruction;
  const words = splitWords(rest, one.escape);
  if (!words[0]?.includes('=')) {
    const [, name, value] = /^(\S+)\s+(.+)$/s.exec(rest) ?? [];
    if (name === undefined || value === undefined)
      throw one.wrong(`${keyword} needs a name and a value`, { hint: `write it as ${keyword} NAME=VALUE` });
    return [[one.expand(name), one.expand(value)]];
  }
  return words.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 0)
      throw one.wrong(`${keyword} has "${word}" where NAME=VALUE is wanted`, {
        hint: 'a value with blanks stands in double quotes',
      });
    const name = one.expand(word.slice(0, equals));
    if (name === '') throw one.wrong(`${keyword} has a value without a name`);
    return [name, one.expand(word.slice(equals + 1))];
  });
}

/** Whether ENV and LABEL have the old form. */
export function isOldForm(rest: string): boolean {
  return !splitWords(rest)[0]?.includes('=');
}

/** The names of an ARG and their values as they are written; undefined: it has none. */
export function argumentWords(one: Evaluation): [string, string | undefined][] {
  return splitWords(one.instruction.rest, one.escape).map((word) => {
    const equals = word.indexOf('=');
    const name = equals < 0 ? word : word.slice(0, equals);
    if (name === '') throw one.wrong('ARG has a value without a name');
    return [name, equals < 0 ? undefined : word.slice(equals + 1)];
  });
}
