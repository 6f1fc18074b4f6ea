import { describe, expect, it } from 'vitest';
import { parseObjectTemplate, parseTemplate } from '../../../../src/cli/template/template.ts';

const HEADERS = { Name: 'NAME', Size: 'SIZE', Label: (key: string) => key.toUpperCase() };
const ROWS = [
  { Name: 'a"b', Size: '1MB', Label: (key: string) => `${key}!` },
  { Name: 'c', Size: '22MB', Label: () => '' },
];
const render = (format: string) => parseTemplate(format, HEADERS).render(ROWS);

describe('the template of a listing', () => {
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

  it('shows the header of a column whatever functions make of its cells', () => {
    expect(render('table {{upper .Name}}\\t{{json .Size}}\\t{{truncate .Name 1}}')).toBe(
      'NAME      SIZE      NAME\nA"B       "1MB"     a\nC         "22MB"    c\n',
    );
  });

  it('writes JSON, in the order of the names', () => {
    expect(render('json')).toBe('{"Name":"a\\"b","Size":"1MB"}\n{"Name":"c","Size":"22MB"}\n');
    expect(render('{{json .Name}}')).toBe('"a\\"b"\n"c"\n');
    expect(render('{{json .}}')).toBe(render('json'));
  });

  it('calls methods, which have headers of their own', () => {
    expect(render('table {{.Label "k"}}')).toBe('K\nk!\n\n');
  });

  it('tells which fields it needs', () => {
    expect([
      ...parseTemplate('{{if .Name}}{{range split .Size "x"}}{{$.Label "k"}}{{.}}{{end}}{{end}}', HEADERS)
        .fields,
    ]).toEqual(['Name', 'Size', 'Label']);
  });

  it.each([
    [
      '{{.Other}}',
      'failed to execute template: template: :1:2: executing "" at <.Other>: can\'t evaluate field Other',
    ],
    ['a\n {{.toString}}', 'template: :2:3: executing "" at <.toString>'],
    ['{{range split .Name ","}}{{$.Nope}}{{end}}', 'Nope'],
    ['{{nope .Name}}', 'failed to parse template: template: :1: function "nope" not defined'],
    ['{{}}', 'failed to parse template: template: :1: missing value for command'],
    ['{{.Name', 'failed to parse template: template: :1: unclosed action'],
  ])('refuses %s before there are rows', (format, message) => {
    expect(() => parseTemplate(format, HEADERS)).toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringContaining(message) }),
    );
  });
});

const map = (members: object) => Object.assign(Object.create(null), members);
const DATA = {
  S: 'hello world',
  N: 42,
  B: true,
  L: ['a', 'b', 'c'],
  M: map({ b: '2', a: '1' }),
  E: [],
  Z: null,
  O: { P: { Q: 'deep' } },
  H: `<a href='x'>&"q"</a>`,
};
const execute = (template: string) => parseObjectTemplate(template).render(DATA).slice(0, -1);

describe('a template', () => {
  // What Go's text/template and fmt make of the same.
  it.each([
    ['{{.N}} {{.B}} {{.L}} {{.M}} {{.E}}', '42 true [a b c] map[a:1 b:2] []'],
    [
      '{{1.0}} {{1e3}} {{0x1F}} {{0b101}} {{0o17}} {{017}} {{1_000}} {{.5}} {{-5}} {{+5}}',
      '1 1000 31 5 15 15 1000 0.5 -5 5',
    ],
    ['{{1e100}} {{123456789.0}} {{0.00001}} {{1000000.0}}', '1e+100 1.23456789e+08 1e-05 1e+06'],
    [`{{'a'}} {{'\\n'}} {{"a\\tb\\u00e9\\x41\\101"}} {{\`raw \\n\`}}`, '97 10 a\tb\u00e9AA raw \\n'],
    ['{{.O.P.Q}} {{$.S}} {{(.O).P.Q}} {{(index .L 0)}}', 'deep hello world deep a'],
    ['a {{- " b " -}} c {{- /* comment */ -}} d {{/* c */}} e', 'a b cd  e'],
    ['{{if .B}}yes{{else}}no{{end}} {{if .E}}x{{else if eq .N 42}}42{{else}}?{{end}}', 'yes 42'],
    [
      '{{with .O}}{{.P.Q}}{{end}} {{with .E}}x{{else}}empty{{end}} {{with .Z}}x{{else with .S}}{{.}}{{end}}',
      'deep empty hello world',
    ],
    ['{{range .L}}{{.}},{{end}} {{range $i, $e := .L}}{{$i}}={{$e}};{{end}}', 'a,b,c, 0=a;1=b;2=c;'],
    ['{{range $k, $v := .M}}{{$k}}:{{$v}} {{end}}{{range .E}}{{else}}none{{end}}', 'a:1 b:2 none'],
    ['{{range $k, $v := .O.P}}{{$k}}:{{$v}}{{end}}', 'Q:deep'],
    ['{{range .L}}{{if eq . "b"}}{{continue}}{{end}}{{if eq . "c"}}{{break}}{{end}}{{.}}{{end}}', 'a'],
    ['{{range 3}}{{.}}{{end}} {{range $i := 2}}{{$i}}{{end}} {{range .Z}}{{end}}', '012 01 '],
    ['{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}} {{with $z := .N}}{{$z}}{{.}}{{end}}', '2 4242'],
    ['{{range $i, $c := split "a,b" ","}}{{if $i}}, {{end}}{{$c}}{{end}}', 'a, b'],
    [
      '{{and 1 0 2}} {{and 1 2}} {{or 0 "" "x"}} {{or 0 ""}}| {{not 0}} {{not .L}} {{not .E}}',
      '0 2 x | true false true',
    ],
    ['{{and .Z .Z.X}} {{or .B .Z.X}}', '<nil> true'],
    [
      '{{eq 1 1}} {{eq 1 2 1}} {{ne "a" "b"}} {{lt 1 2}} {{le 2 2}} {{gt "b" "a"}} {{ge 1.5 2.5}}',
      'true true true true true true false',
    ],
    ['{{eq .Z nil}} {{ne .S ""}} {{eq .S "hello world"}}', 'true true true'],
    ['{{len .S}} {{len .L}} {{len .M}} {{len .E}} {{len "é"}}', '11 3 2 0 2'],
    ['{{index .L 0}} {{index .M "a"}} {{index .M "zz"}}| {{index .S 0}}', 'a 1 | 104'],
    ['{{slice .L 1 2}} {{slice .S 1 3}} {{slice .S 6}} {{slice .L}}', '[b] el world [a b c]'],
    ['{{print 1 2 "a" "b" 3}} {{println "x" 1}}|{{print nil}}', '1 2ab3 x 1\n|<nil>'],
    ['{{html .H}}', '&lt;a href=&#39;x&#39;&gt;&amp;&#34;q&#34;&lt;/a&gt;'],
    ['{{js .H}}', `\\u003Ca href\\u003D\\'x\\'\\u003E\\u0026\\"q\\"\\u003C/a\\u003E`],
    ['{{urlquery "a b&c=d/é!"}}', 'a+b%26c%3Dd%2F%C3%A9%21'],
    ['{{.S | printf "%s-%s" "x"}} {{"abc" | len}} {{"x" | printf "%s%s" "y" | upper}}', 'x-hello world 3 YX'],
    [
      '{{split .S " "}} {{join .L "-"}} {{title "foo-bar x_y"}} {{lower "ABC"}} {{upper "abc"}}',
      '[hello world] a-b-c Foo-Bar X_y abc ABC',
    ],
    ['{{pad "x" 2 3}}|{{pad "" 2 3}}|{{truncate "hello" 3}} {{truncate "hi" 5}}', '  x   ||hel hi'],
    [
      '{{json .L}} {{json .M}} {{json .H}} {{json .Z}} {{.O.P | json}} {{json 1.5}}',
      `["a","b","c"] {"a":"1","b":"2"} "<a href='x'>&\\"q\\"</a>" null {"Q":"deep"} 1.5`,
    ],
    ['{{.Z}} {{.M.missing}} {{.M.missing.more}}', '<nil> <no value> <no value>'],
  ])('makes of %s what Go makes of it', (template, text) => {
    expect(execute(template)).toBe(text);
  });

  it.each([
    [
      '"%5d|%-5d|%05d|%+d|%x|%X|%#x|%o|%b|%c|%q|%U" 42 42 42 42 255 255 255 8 5 65 65 65',
      "   42|42   |00042|+42|ff|FF|0xff|10|101|A|'A'|U+0041",
    ],
    [
      '"%s|%10s|%-10s|%.2s|%q|%x|%X|% x" "hi" "hi" "hi" "hello" "a\\"b\\n" "hi" "hi" "hi"',
      'hi|        hi|hi        |he|"a\\"b\\n"|6869|6869|68 69',
    ],
    [
      '"%5.2f|%f|%e|%g|%G|%.3g|%8.3f|%-8.1f|%+.1f|%06.2f" 3.14159 1.0 123456.789 1e21 1e-7 1234.5678 2.5 2.5 2.5 -2.5',
      ' 3.14|1.000000|1.234568e+05|1e+21|1E-07|1.23e+03|   2.500|2.5     |+2.5|-02.50',
    ],
    ['"%.1f %.0f %.2e" 2.25 0.5 12345.678', '2.2 0 1.23e+04'],
    ['"%v %v %v %v %v" 1 1.5 true "x" nil', '1 1.5 true x <nil>'],
    ['"%t|%5t|%-7t|" true true false', 'true| true|false  |'],
    ['"%T %T %T %T" 1 1.0 "x" true', 'int float64 string bool'],
    ['"%*d|%-*d|%.*f" 5 42 5 42 2 3.14159', '   42|42   |3.14'],
    ['"%v|%s|%q" .L .L .L', '[a b c]|[a b c]|["a" "b" "c"]'],
    ['"%v %s" .M .M', 'map[a:1 b:2] map[a:1 b:2]'],
    ['"%#v %#v" "a" 1', '"a" 1'],
    ['"%03d|%3s|%-3s|" 7 "é" "é"', '007|  é|é  |'],
    ['"%d" "x"', '%!d(string=x)'],
    ['"%s" 5', '%!s(int=5)'],
    ['"%t" 1', '%!t(int=1)'],
    ['"%d"', '%!d(MISSING)'],
    ['"a" 1 "x"', 'a%!(EXTRA int=1, string=x)'],
    ['"%z" 1', '%!z(int=1)'],
    ['"%d" nil', '%!d(<nil>)'],
    ['"100%%"', '100%'],
    ['"%"', '%!(NOVERB)'],
  ])('formats with printf %s', (args, text) => {
    expect(execute(`{{printf ${args}}}`)).toBe(text);
  });

  it.each([
    ['{{.Missing}}', ':1:2: executing "" at <.Missing>: map has no entry for key "Missing"'],
    ['{{.O.Missing}}', ':1:4: executing "" at <.O.Missing>: map has no entry for key "Missing"'],
    ['\n{{.S.X}}', ':2:4: executing "" at <.S.X>: can\'t evaluate field X in type string'],
    ['{{.Z.X}}', 'nil pointer evaluating interface {}.X'],
    ['{{index .L 5}}', 'executing "" at <index .L 5>: error calling index: index out of range: 5'],
    ['{{index .L "a"}}', 'cannot index slice/array with type string'],
    ['{{eq 1 "a"}}', 'error calling eq: incompatible types for comparison'],
    ['{{eq .L .L}}', 'error calling eq: non-comparable type'],
    ['{{lt true false}}', 'error calling lt: invalid type for comparison'],
    ['{{slice .S 3 1}}', 'invalid slice index: 3 > 1'],
    ['{{range .S}}{{end}}', "range can't iterate over hello world"],
    ['{{upper 5}}', 'expected string; got int'],
    ['{{upper}}', 'wrong number of args for upper: want 1 got 0'],
    ['{{"a" "b"}}', 'can\'t give argument to non-function "a"'],
    ['{{.L 1}}', 'has arguments but cannot be invoked as function'],
    ['{{nil}}', 'nil is not a command'],
    ['{{nofunc 1}}', ':1: function "nofunc" not defined'],
    ['{{if .B}}', ':1: unexpected EOF'],
    ['\n\n{{end}}', ':3: unexpected {{end}}'],
    ['{{else}}', ':1: unexpected {{else}}'],
    ['{{if .B}}{{else}}{{else}}{{end}}', 'expected end; found {{else}}'],
    ['{{"abc}}', 'unterminated quoted string'],
    ["{{'ab'}}", 'malformed character constant'],
    ['{{.S"x"}}', `bad character U+0022 '"'`],
    ['{{$undefined}}', 'undefined variable "$undefined"'],
    ['{{1 | 2}}', 'non executable command in pipeline stage 2'],
    ['{{break}}', '{{break}} outside {{range}}'],
    ['{{(1}}', 'unclosed left paren'],
    ['{{/* open }}', 'unclosed comment'],
    ['{{define "x"}}{{end}}', '{{define}} is not supported here'],
    ['{{template "x"}}', '{{template}} is not supported here'],
    ['{{block "x" .}}{{end}}', '{{block}} is not supported here'],
  ])('refuses %s with the place', (template, message) => {
    expect(() => execute(template)).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        message: expect.stringMatching(/^template parsing error: template: :\d+:/),
      }),
    );
    expect(() => execute(template)).toThrow(message);
  });
});
