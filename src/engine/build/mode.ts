import { EngineError } from '../../errors.ts';

const OCTAL = /^[0-7]{1,4}$|^0[0-7]{4}$/;
const CLAUSE = '[ugoa]*(?:[=+-](?:[ugo]|[rwxXst]*))+';
const SYMBOLIC = new RegExp(`^${CLAUSE}(?:,${CLAUSE})*$`);

/** Throws `invalid` for what is no mode of chmod(1), octal or symbolic. Undefined is fine. */
export function requireMode(text: string | undefined): void {
  if (text === undefined || OCTAL.test(text) || SYMBOLIC.test(text)) return;
  throw new EngineError('invalid', `invalid chmod parameter: "${text}"`, {
    subject: text,
    hint: 'write it as chmod(1) does: 755, or u=rwX,go=rX',
  });
}
