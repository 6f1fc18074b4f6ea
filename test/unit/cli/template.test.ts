import { describe, expect, it } from 'vitest';
import { parseTemplate } from '../../../src/cli/output/template.ts';

const HEADERS = { Name: 'NAME', Size: 'SIZE' };
const ROWS = [
  { Name: 'a"b', Size: '1MB' },
  { Name: 'c', Size: '22MB' },
];
const render = (format: string) => parseTemplate(format, HEADERS).render(ROWS);

describe('a template', () => {
  it('prints a line for each row, with its fields', () => {
    expect(render('{{.Name}}: {{ .Size }}')).toBe('a"b: 1MB\nc: 22MB\n');
    expect(render('fixed')).toBe('fixed\nfixed\n');
  });

  it('understands written tabs and line ends', () => {
    expect(render('{{.Name}}\\t{{.Size}}\\n')).toBe('a"b\t1MB\n\nc\t22MB\n\n');
  });

  it('makes a table with headers', () => {
    expect(render('table {{.Size}}\\t{{.Name}}')).toBe('SIZE      NAME\n1MB       a"b\n22MB      c\n');
    expect(parseTemplate('table {{.Name}}', HEADERS).render([])).toBe('NAME\n');
  });

  it('writes JSON', () => {
    expect(render('json')).toBe('{"Name":"a\\"b","Size":"1MB"}\n{"Name":"c","Size":"22MB"}\n');
    expect(render('{{json .Name}}')).toBe('"a\\"b"\n"c"\n');
    expect(render('{{json .}}')).toBe(render('json'));
  });

  it.each([
    ['{{.Other}}', '{{.Other}}'],
    ['{{.toString}}', '{{.toString}}'],
    ['{{upper .Name}}', '{{upper .Name}}'],
    ['{{.}}', '{{.}}'],
    ['{{}}', '{{}}'],
    ['{{.Name', '{{.Name'],
  ])('refuses %s, naming it', (format, subject) => {
    expect(() => parseTemplate(format, HEADERS)).toThrow(
      expect.objectContaining({ kind: 'invalid', subject }),
    );
  });
});
