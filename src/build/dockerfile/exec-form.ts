/**
 * The members of a JSON list of strings; undefined for what is no JSON list, and so a line for a shell; `mixed` for a list
 * of other things, which is neither.
 */
export function execForm(text: string): string[] | 'mixed' | undefined {
  if (!/^\s*\[/.test(text)) return undefined;
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(list)) return undefined;
  return list.every((word) => typeof word === 'string') ? list : 'mixed';
}
