import type { TerminalSize } from '../../engine/options/client.ts';
import { EngineError } from '../../errors.ts';
import type { Call } from './call.ts';

/** The parameters `h` and `w` of a `resize`. Throws `invalid`. */
export function terminalSize({ query }: Pick<Call, 'query'>): TerminalSize {
  const [rows, columns] = [query.number('h'), query.number('w')];
  if (rows === undefined || columns === undefined || !isSize(rows) || !isSize(columns))
    throw new EngineError('invalid', 'h and w are to be the height and the width of a terminal, 0 to 65535');
  return { rows, columns };
}

function isSize(number: number): boolean {
  return number >= 0 && number <= 65_535;
}
