import { EngineError } from '../../errors.ts';

/** What `# check=…` says: which rules are not looked for, and whether a finding fails the build. */
export interface CheckOptions {
  /** `all`, or names. */
  skip: 'all' | readonly string[];
  /** Experimental rules that are looked for. */
  experimental: 'all' | readonly string[];
  error: boolean;
}

/** Reads `skip=A,B;error=true;experimental=C`. Throws `invalid` for what is none of these. */
export function parseCheckOptions(text: string): CheckOptions {
  const options: { -readonly [Name in keyof CheckOptions]: CheckOptions[Name] } = {
    skip: [],
    experimental: [],
    error: false,
  };
  for (const part of text.split(';').filter((each) => each.trim() !== '')) {
    const [, name = '', value = ''] = /^\s*([^=]*?)\s*=\s*(.*?)\s*$/s.exec(part) ?? [];
    if (name === 'skip' || name === 'experimental') options[name] = names(value);
    else if (name === 'error' && /^(true|1)$/i.test(value)) options.error = true;
    else if (name !== 'error' || !/^(false|0)$/i.test(value))
      throw new EngineError('invalid', `the check directive has "${part.trim()}", which is no option`, {
        subject: text,
        hint: 'its options are skip=NAMES, experimental=NAMES and error=true, with semicolons between',
      });
  }
  return options;
}

function names(value: string): 'all' | string[] {
  return value === 'all' ? 'all' : value.split(',').map((name) => name.trim());
}
