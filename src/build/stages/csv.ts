/** Splits at commas; a field in double quotes may have some, and two double quotes are one there (RFC 4180). */
export function splitFields(text: string): string[] {
  const fields: string[] = [];
  for (const [, quoted, plain] of text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))(?=,|$)/gs))
    fields.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'));
  return fields;
}
