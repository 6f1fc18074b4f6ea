import { describe, expect, it } from 'vitest';
import { exitCodeOf, WrongUsage } from '../../../../src/cli/command/exit-code.ts';
import { renderError } from '../../../../src/cli/output/error.ts';
import { wantsColour } from '../../../../src/cli/text/terminal.ts';
import { EngineError, type ErrorKind } from '../../../../src/errors.ts';

describe('exitCodeOf', () => {
  it.each<[ErrorKind, string, number]>([
    ['invalid', 'run', 125],
    ['notFound', 'run', 125],
    ['notFound', 'pull', 125],
    ['unauthorized', 'pull', 125],
    ['unsupported', 'rm', 125],
    ['notFound', 'rm', 1],
    ['conflict', 'rm', 1],
    ['notFound', 'inspect', 1],
    ['conflict', 'kill', 1],
    ['cancelled', 'pull', 130],
  ])('maps %s in %s to %i', (kind, command, code) => {
    expect(exitCodeOf(new EngineError(kind, 'no'), command)).toBe(code);
  });

  it('says 1 for a command line that nothing could be tried of', () => {
    expect(exitCodeOf(new WrongUsage('no container is named', 'give names'), 'run')).toBe(1);
  });

  it('blames the engine for what nobody expected', () => {
    expect(exitCodeOf(new TypeError('oops'), 'rm')).toBe(125);
  });
});

describe('renderError', () => {
  const plain = { debug: false, colour: false };

  it('prints the message and what can be done', () => {
    const error = new EngineError('notFound', 'no such image: x', { hint: 'pull it' });
    expect(renderError(error, plain)).toBe('skiff: no such image: x\nhint: pull it\n');
    expect(renderError(new EngineError('notFound', 'no'), plain)).toBe('skiff: no\n');
  });

  it('colours the labels only', () => {
    const error = new EngineError('invalid', 'bad', { hint: 'good' });
    expect(renderError(error, { debug: false, colour: true })).toBe(
      '\x1b[31mskiff:\x1b[0m bad\n\x1b[36mhint:\x1b[0m good\n',
    );
  });

  it('marks an error that is a bug, and points to --debug', () => {
    expect(renderError(new TypeError('x is undefined'), plain)).toBe(
      'skiff: unexpected error: x is undefined\nhint: run it again with skiff --debug for details\n',
    );
  });

  it('follows the chain of causes with --debug', () => {
    const root = Object.assign(new Error('connect failed'), { code: 'ECONNREFUSED' });
    const error = new EngineError('unavailable', 'cannot reach r', {
      cause: new Error('fetch', { cause: root }),
    });
    const text = renderError(error, { debug: true, colour: false });
    expect(text).toContain(
      'caused by: fetch\ncaused by: connect failed (ECONNREFUSED)\nError: connect failed',
    );
  });

  it('shows control characters of others as text', () => {
    expect(renderError(new EngineError('invalid', 'bad \x1b]0;title\x07 \r\x9b2J'), plain)).toBe(
      'skiff: bad \\x1b]0;title\\x07 \\r\\x9b2J\n',
    );
  });

  it('lets words of others begin no line of their own, whatever quotes them', () => {
    const forged = 'no\nskiff: \x1b[1mforged';
    const written = 'no\\nskiff: \\x1b[1mforged';
    const known = new EngineError('notFound', forged, { hint: forged, cause: new Error(forged) });
    expect(renderError(known, plain)).toBe(`skiff: ${written}\nhint: ${written}\n`);
    expect(renderError(new TypeError(forged), plain)).toContain(
      `skiff: unexpected error: ${written}\nhint: `,
    );
    const [, , cause, ...stack] = renderError(known, { ...plain, debug: true }).split('\n');
    expect(cause).toBe(`caused by: ${written}`);
    expect(stack[0]).toBe(`Error: ${written}`);
    expect(stack[1]).toMatch(/^ +at /);
  });
});

describe('wantsColour', () => {
  it('asks for a terminal that can, and respects NO_COLOR', () => {
    expect(wantsColour({ isTTY: true }, { TERM: 'xterm' })).toBe(true);
    expect(wantsColour({ isTTY: true }, { TERM: 'xterm', NO_COLOR: '1' })).toBe(false);
    expect(wantsColour({ isTTY: true }, { TERM: 'xterm', NO_COLOR: '' })).toBe(true);
    expect(wantsColour({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
    expect(wantsColour({}, {})).toBe(false);
  });
});
