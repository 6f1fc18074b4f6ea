import { parseObjectTemplate } from '../template/template.ts';
import { visibleJson } from '../text/visible.ts';
import { print } from './print.ts';

/** Prints one object as `--format` says: `json`, on one line, or a template. Throws as `parseObjectTemplate`. */
export function renderObject(value: object, format: string): void {
  print(
    format === 'json' ? `${visibleJson(JSON.stringify(value))}\n` : parseObjectTemplate(format).render(value),
  );
}
