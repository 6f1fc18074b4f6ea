import type { Command } from 'commander';

type OptionCall = Parameters<Command['option']>;

interface Declared {
  group: string | undefined;
  call: OptionCall;
}

/**
 * Declares options that commander gets to know when the command line is read, and then only those that it may name: a
 * new container has some eighty, each costs commander 8 µs, and most command lines name three. All of them are known when
 * help is asked for, or a word is none of them, so that commander can say which one was meant. They must have no
 * defaults, which an option that is not known does not set.
 */
export function addOnDemand(command: Command, add: (command: Command) => void): void {
  const declared: Declared[] = [];
  let group: string | undefined;
  command.option = ((...call: OptionCall) => {
    declared.push({ group, call });
    return command;
  }) as Command['option'];
  command.optionsGroup = ((heading: string) => {
    group = heading;
    return command;
  }) as Command['optionsGroup'];
  add(command);
  // From here on these are the class's again.
  Reflect.deleteProperty(command, 'option');
  Reflect.deleteProperty(command, 'optionsGroup');

  const parseOptions = command.parseOptions.bind(command);
  command.parseOptions = (args) => {
    const words = args.filter((word) => word.startsWith('-')).map(nameIn);
    const named = new Set<Declared>();
    let all = false;
    for (const word of words) {
      const found = declared.filter((option) => mayName(word, option.call[0]));
      for (const option of found) named.add(option);
      if (found.length === 0 && word.length > 2 && word.startsWith('--'))
        all ||= !command.options.some(({ long }) => long === word);
    }
    for (const option of declared) {
      if (!all && !named.has(option)) continue;
      if (option.group !== undefined) command.optionsGroup(option.group);
      command.option(...option.call);
    }
    return parseOptions(args);
  };
}

/** `--memory` of `--memory=64m`; a word of letters as it is. */
function nameIn(word: string): string {
  const end = word.startsWith('--') ? word.indexOf('=') : -1;
  return end < 0 ? word : word.slice(0, end);
}

/** Whether a word may name an option. Also true for letters of the command inside. */
function mayName(word: string, flags: string): boolean {
  if (word.startsWith('--')) return hasName(flags, word);
  return flags[1] !== '-' && word.includes(flags[1] ?? '');
}

/** Whether `--memory` is one of `-m, --memory <size>`. No pattern: it would have to be compiled. */
function hasName(flags: string, name: string): boolean {
  for (let at = flags.indexOf(name); at >= 0; at = flags.indexOf(name, at + 1)) {
    const next = flags[at + name.length];
    if (next === undefined || next === ' ' || next === ',') return true;
  }
  return false;
}
