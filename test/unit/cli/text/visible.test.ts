import { describe, expect, it } from 'vitest';
import { EventFormat } from '../../../../src/cli/output/event-lines.ts';
import { renderTable } from '../../../../src/cli/template/table.ts';
import { parseObjectTemplate, parseTemplate } from '../../../../src/cli/template/template.ts';
import { visible, visibleJson } from '../../../../src/cli/text/visible.ts';

/** Turns red, sets a title in two ways, writes over the line, turns the direction, begins a line of its own. */
const HOSTILE = 'a\x1b[31m\x9b2J\x1b]0;t\x07\r\x7f\u202eb\nc\td';
const WRITTEN_OUT = 'a\\x1b[31m\\x9b2J\\x1b]0;t\\x07\\r\\x7f\\u202eb\\nc\\td';
const WITH_LINES = 'a\\x1b[31m\\x9b2J\\x1b]0;t\\x07\\r\\x7f\\u202eb\nc\td';

const onTerminal = (text: string) => visible(text, { lines: true });
const forPrograms = (text: string) => text;

describe('text of others', () => {
  it('has what would command a terminal written out', () => {
    expect(visible(HOSTILE)).toBe(WRITTEN_OUT);
    expect(visible(HOSTILE, { lines: true })).toBe(WITH_LINES);
  });

  it('is left alone otherwise, whatever the language', () => {
    const text = 'naïve – „Größe“ שלום 👩‍👩‍👧 \\x1b';
    expect(visible(text)).toBe(text);
  });

  it('in JSON is the same for programs, and nothing in it is raw', () => {
    const text = visibleJson({ [HOSTILE]: [HOSTILE] }, { indent: 4 });
    expect(JSON.parse(text)).toEqual({ [HOSTILE]: [HOSTILE] });
    expect(visible(text, { lines: true })).toBe(text);
  });
});

describe('tables', () => {
  it('show it, and it begins no row and no column', () => {
    const table = renderTable(['COMMAND', 'NAME'], [[HOSTILE, 'web']]);
    expect(table.split('\n')).toEqual([expect.any(String), `${WRITTEN_OUT}   web`, '']);
  });
});

describe('a format of the user', () => {
  const headers = { Labels: 'LABELS' };

  it.each(['{{.Labels}}', '{{printf "%s" .Labels}}'])(
    '%s has values made visible on a terminal alone',
    (format) => {
      const rows = [{ Labels: HOSTILE }];
      expect(parseTemplate(format, headers, onTerminal).render(rows)).toBe(`${WITH_LINES}\n`);
      expect(parseTemplate(format, headers, forPrograms).render(rows)).toBe(`${HOSTILE}\n`);
      expect(parseObjectTemplate(format, onTerminal).render({ Labels: HOSTILE })).toBe(`${WITH_LINES}\n`);
    },
  );

  it('keeps what the user wrote, also on a terminal', () => {
    const format = '\x1b[1m{{.Labels}}\x1b[0m';
    expect(parseTemplate(format, headers, onTerminal).render([{ Labels: 'x' }])).toBe('\x1b[1mx\x1b[0m\n');
  });

  it('as JSON is safe wherever it goes', () => {
    const text = parseTemplate('json', headers, forPrograms).render([{ Labels: HOSTILE }]);
    expect(JSON.parse(text)).toEqual({ Labels: HOSTILE });
    expect(visible(text, { lines: true })).toBe(text);
  });
});

describe('lines for people', () => {
  const event = {
    type: 'container' as const,
    action: 'create',
    id: 'f00',
    attributes: { label: HOSTILE },
    scope: 'local' as const,
    timeNano: 1n,
  };

  it('of events are one each, whatever labels say', () => {
    const text = new EventFormat(undefined).render(event);
    expect(text.endsWith(` container create f00 (label=${WRITTEN_OUT})\n`)).toBe(true);
    expect(visible(new EventFormat('json').render(event), { lines: true })).not.toContain('\\x');
  });
});
