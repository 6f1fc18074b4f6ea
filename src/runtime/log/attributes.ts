import { EngineError } from '../../errors.ts';
import type { LogSubject } from './tag.ts';

/**
 * The labels and environment variables that the options `labels`, `labels-regex`, `env` and `env-regex` choose, in that
 * order: a later one of the same name wins. Throws `invalid` for what is no regular expression.
 */
export function chosenAttributes(
  options: Readonly<Record<string, string>>,
  { labels, env }: LogSubject,
): Record<string, string> {
  const variables = Object.fromEntries(env.map(splitVariable));
  return {
    ...named(options['labels'], labels),
    ...matching(options, 'labels-regex', labels),
    ...named(options['env'], variables),
    ...matching(options, 'env-regex', variables),
  };
}

function splitVariable(variable: string): [string, string] {
  const at = variable.indexOf('=');
  return at < 0 ? [variable, ''] : [variable.slice(0, at), variable.slice(at + 1)];
}

type Pairs = Readonly<Record<string, string>>;

function named(names: string | undefined, pairs: Pairs): Pairs {
  const wanted = new Set((names ?? '').split(','));
  return Object.fromEntries(Object.entries(pairs).filter(([key]) => wanted.has(key)));
}

function matching(options: Pairs, option: string, pairs: Pairs): Pairs {
  const pattern = options[option];
  if (pattern === undefined || pattern === '') return {};
  const expression = regularExpression(pattern, option);
  return Object.fromEntries(Object.entries(pairs).filter(([key]) => expression.test(key)));
}

function regularExpression(pattern: string, option: string): RegExp {
  try {
    return new RegExp(pattern, 'u');
  } catch (cause) {
    throw new EngineError('invalid', `log option ${option} is not a regular expression: ${pattern}`, {
      subject: pattern,
      cause,
    });
  }
}

/** A name as journald has them: capital letters, digits and `_`, which does not come first. */
export function journalName(name: string): string {
  return name
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '_')
    .replace(/^_+/, '');
}
