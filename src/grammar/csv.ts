import { EngineError } from '../errors.ts';

/**
 * The fields of one line of comma-separated values (RFC 4180), as Docker's long options have them: one with a comma
 * in it stands in double quotes, in which a double quote is written twice. Throws `invalid`.
 */
export function csvFields(text: string): string[] {
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (;;) {
    const [whole, quoted, plain = '', end] = field.exec(text) ?? [];
    if (whole === undefined) {
      throw new EngineError('invalid', `a quote is out of place in "${text}"`, {
        subject: text,
        hint: 'quote whole fields: "KEY=A,B"',
      });
    }
    fields.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === '') return fields;
  }
}
