import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const API = join(import.meta.dirname, '../../src/api');

/** The definitions on the top of a file, by their names. */
type Definitions = ReadonlyMap<string, string>;

/** The source of the API, in which is looked up what a handler reads. */
export class ApiSource {
  readonly #files: readonly Definitions[] = globSync('*/*.ts', { cwd: API })
    .filter((file) => !file.endsWith('/routes.ts'))
    .map((file) => definitionsOf(readFileSync(join(API, file), 'utf8')));

  /** Returns the text of a handler and of all in the API that it names, and what that names. */
  textOf(handler: string): string {
    const seen = new Set<string>();
    const visit = (name: string, from: Definitions | undefined): void => {
      const file = from?.has(name) ? from : this.#files.find((each) => each.has(name));
      const text = file?.get(name);
      if (text === undefined || seen.has(text)) return;
      seen.add(text);
      for (const [word] of text.matchAll(/\w+/g)) visit(word, file);
    };
    visit(handler, undefined);
    return [...seen].join('');
  }
}

function definitionsOf(text: string): Definitions {
  const pieces = text.split(/^(?=(?:export )?(?:async )?(?:function\*?|const|class) \w)/m);
  return new Map(
    pieces.flatMap((piece) => {
      const name = /^(?:export )?(?:async )?(?:function\*?|const|class) (\w+)/.exec(piece)?.[1];
      return name === undefined ? [] : [[name, piece] as const];
    }),
  );
}
