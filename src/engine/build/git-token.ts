import { EngineError } from '../../errors.ts';
import { authorization, type GitSetting } from './git-user.ts';
import { readSecret, type Secrets } from './secret.ts';

/**
 * How git shows a server over HTTP the secrets that BuildKit has names for: `GIT_AUTH_TOKEN` and `GIT_AUTH_HEADER`, those of
 * the address's host (`GIT_AUTH_TOKEN.HOST[:PORT]`) before those of any. A header is the whole value of `Authorization`, as
 * BuildKit's code has it, or a scheme alone that says how the token is shown, as its documentation has it; a token alone is the
 * password of `x-access-token`. Throws `invalid` for a secret that no header can have, and as `readSecret`.
 */
export async function tokenFor(url: string, secrets: Secrets | undefined): Promise<readonly GitSetting[]> {
  if (secrets === undefined || !/^https?:\/\//i.test(url) || !URL.canParse(url)) return [];
  const { origin, host } = new URL(url);
  for (const suffix of [`.${host}`, '']) {
    const header = await lineOf(secrets, `GIT_AUTH_HEADER${suffix}`);
    const token = await lineOf(secrets, `GIT_AUTH_TOKEN${suffix}`);
    const value = header ?? (token === undefined ? undefined : basic(`x-access-token:${token}`));
    if (value !== undefined) return authorization(origin, withToken(value, token));
  }
  return [];
}

function withToken(value: string, token: string | undefined): string {
  if (token === undefined) return value;
  if (/^basic$/i.test(value)) return basic(token);
  return /^bearer$/i.test(value) ? `Bearer ${token}` : value;
}

function basic(userAndPassword: string): string {
  return `Basic ${Buffer.from(userAndPassword).toString('base64')}`;
}

/** A file's last line end is not the secret's. */
async function lineOf(secrets: Secrets, id: string): Promise<string | undefined> {
  const bytes = await readSecret(secrets, id);
  if (bytes === undefined) return undefined;
  const text = Buffer.from(bytes).toString('utf8').trim();
  if (text !== '' && !/\p{Cc}/u.test(text)) return text;
  const what = text === '' ? 'is empty' : 'has more than one line, or control characters';
  throw new EngineError('invalid', `secret ${id} ${what}`, { subject: id });
}
