export type GitSetting = readonly [key: string, value: string];

/**
 * A URL without the user and the password in it, and the settings by which git has them all the same: its arguments, and those
 * of the helpers that it starts, everybody on the host may read. A user alone is a token to some, and to others the one whose
 * password a helper of the user's knows.
 */
export function withoutUser(url: string): { url: string; settings: readonly GitSetting[] } {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return { url, settings: [] };
  const { origin, username, password } = new URL(url);
  if (username === '' && password === '') return { url, settings: [] };
  const [user, word] = [unescaped(username), unescaped(password)];
  const settings: readonly GitSetting[] =
    word === ''
      ? [[`credential.${origin}/.username`, user]]
      : authorization(origin, `Basic ${Buffer.from(`${user}:${word}`).toString('base64')}`);
  return { url: url.replace(/^(https?:\/\/)[^/?#]*@/i, '$1'), settings };
}

/**
 * What an origin is shown, and nobody else: git sends a header that it was told also to whomever it was redirected to, so no
 * redirect is followed.
 */
export function authorization(origin: string, value: string): readonly GitSetting[] {
  return [
    [`http.${origin}/.extraHeader`, `Authorization: ${value}`],
    [`http.${origin}/.followRedirects`, 'false'],
  ];
}

/** As git-config(1) takes them from its environment, behind those that are there. */
export function withSettings(
  environment: NodeJS.ProcessEnv,
  settings: readonly GitSetting[],
): Record<string, string> {
  const before = Number(environment['GIT_CONFIG_COUNT'] ?? 0) || 0;
  const named = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${before + index}`, key],
    [`GIT_CONFIG_VALUE_${before + index}`, value],
  ]);
  const count = settings.length === 0 ? [] : [['GIT_CONFIG_COUNT', String(before + settings.length)]];
  return { ...(environment as Record<string, string>), ...Object.fromEntries([...named, ...count]) };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
