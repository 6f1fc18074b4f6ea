import type { Command } from 'commander';

type OptionCall = Parameters<Command['option']>;

/**
 * Declares options that commander gets to know when the command line is read, and then only those that it may name: a
 * new container has some eighty, each costs commander 8 µs, and most command lines name three. All of them are known when
 * help is asked for, or a word is none of them, so that commander can say which one was meant. They must have no
 * defaults, which an option that is not known does not set.
 */
export function addOnDemand(command: Command, add: (command: Command) => void): void {
  const declared: { group: string | undefined; call: OptionCall }[] = [];
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
    const names = declared.map(({ call: [flags] }) => longNames(flags));
    const known = names.flat();
    const all = args.some((word) => word.startsWith('--') && !known.some((name) => word.startsWith(name)));
    for (const [index, { group: heading, call }] of declared.entries()) {
      if (!all && !mayName(args, names[index] ?? [], call[0])) continue;
      if (heading !== undefined) command.optionsGroup(heading);
      command.option(...call);
    }
    return parseOptions(args);
  };
}

/** `--memory` of `-m, --memory <size>`, both of `--net, --network <name>`. No pattern: it would have to be compiled. */
function longNames(flags: string): string[] {
  const start = flags.lastIndexOf('--');
  const end = flags.indexOf(' ', start);
  const name = flags.slice(start, end < 0 ? undefined : end);
  return flags.startsWith('--') && start > 0 ? [flags.slice(0, flags.indexOf(',')), name] : [name];
}

/**
 * Whether a word may name the option. Also true for some words that do not: those of an option with a longer name, or
 * of the command inside.
 */
function mayName(args: readonly string[], names: readonly string[], flags: string): boolean {
  const letter = flags.startsWith('--') ? undefined : (flags[1] ?? '');
  return args.some((word) => {
    if (word.startsWith('--')) return names.some((name) => word.startsWith(name));
    return letter !== undefined && word.startsWith('-') && word.includes(letter);
  });
}
