import { type Command, CommanderError, type Option } from 'commander';
import { booleanWord } from '../../grammar/words.ts';
import { EXIT_ENGINE_FAILED } from '../command/exit-code.ts';

/**
 * Lets switches have values, as Docker's do: `--rm=true`, `--init=false`. Commander knows switches without values only.
 * One that is on unless it is switched off is declared as `--sig-proxy [boolean]`: it never takes the next word.
 * `interspersed`: options may follow operands; else they end at the first one.
 */
export function acceptSwitchValues(
  command: Command,
  { interspersed = false }: { interspersed?: boolean } = {},
): void {
  const parseOptions = command.parseOptions.bind(command);
  command.parseOptions = (args) => parseOptions(withoutSwitchValues(args, command.options, interspersed));
}

/** A word, and the switch that it is, if it is one. */
interface Word {
  text: string;
  switched?: Option | undefined;
}

/**
 * Returns the words with `--rm` for `--rm=true`, and without any `--rm` before `--rm=false`: the last one counts.
 * Throws CommanderError for a value that is no boolean.
 */
function withoutSwitchValues(
  args: readonly string[],
  options: readonly Option[],
  interspersed: boolean,
): string[] {
  let words: Word[] = [];
  let at = 0;
  while (at < args.length && args[at] !== '--' && (interspersed || isOption(args[at] ?? ''))) {
    const text = args[at] ?? '';
    at += 1;
    if (!isOption(text)) {
      words.push({ text });
      continue;
    }
    const equals = text.indexOf('=');
    const name = equals < 0 ? text : text.slice(0, equals);
    const switched = options.find((option) => isNamed(option, name) && !option.required);
    if (switched?.optional === true)
      words.push({ text: `${switched.long ?? name}=${equals < 0 ? 'true' : text.slice(equals + 1)}` });
    else if (switched !== undefined && equals >= 0 && !booleanOf(name, text.slice(equals + 1)))
      words = words.filter((word) => word.switched !== switched);
    else words.push({ text: switched === undefined ? text : name, switched });
    if (wantsNextWord(text, options) && at < args.length) {
      words.push({ text: args[at] ?? '' });
      at += 1;
    }
  }
  return [...words.map(({ text }) => text), ...args.slice(at)];
}

function isOption(text: string): boolean {
  return text.length > 1 && text.startsWith('-') && text !== '--';
}

function isNamed({ short, long }: Option, name: string): boolean {
  return short === name || long === name;
}

function booleanOf(name: string, value: string): boolean {
  const word = booleanWord(value);
  if (word !== undefined) return word;
  const message = `invalid boolean value "${value}" for ${name}`;
  throw new CommanderError(EXIT_ENGINE_FAILED, 'skiff.invalidBoolean', message);
}

/** Whether an option's value is the next word: `--env KEY`, `-e KEY`, `-ie KEY`, but not `-eKEY` or `--env=KEY`. */
function wantsNextWord(text: string, options: readonly Option[]): boolean {
  const requires = (name: string) => options.some((option) => isNamed(option, name) && option.required);
  if (text.startsWith('--')) return requires(text);
  const letter = [...text.slice(1)].findIndex((character) => requires(`-${character}`));
  return letter >= 0 && letter === text.length - 2;
}
