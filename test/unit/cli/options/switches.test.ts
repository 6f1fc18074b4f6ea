import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import {
  type AttachFlags,
  addAttachOptions,
  addClientOptions,
  type ClientFlags,
  clientOptions,
} from '../../../../src/cli/options/client.ts';
import { acceptSwitchValues } from '../../../../src/cli/options/switches.ts';

type Flags = ClientFlags & AttachFlags;

/** A command whose options may follow its operands, as `start`. */
function parse(...args: string[]): { names: string[]; flags: Flags } {
  let parsed: { names: string[]; flags: Flags } | undefined;
  const command = new Command('start')
    .argument('[name...]')
    .option('-i, --interactive')
    .exitOverride()
    .configureOutput({ writeErr: () => {}, outputError: () => {} })
    .action((names: string[], flags: Flags) => {
      parsed = { names, flags };
    });
  addAttachOptions(command);
  addClientOptions(command);
  acceptSwitchValues(command, { interspersed: true });
  command.parse(args, { from: 'user' });
  if (parsed === undefined) throw new Error('nothing was parsed');
  return parsed;
}

describe('switches with values', () => {
  it.each<[string[], string[], Flags]>([
    [['web', '-i'], ['web'], { interactive: true }],
    [['web', '-i', 'db', '-i=false'], ['web', 'db'], {}],
    [['--interactive=false', 'web', '-i=1'], ['web'], { interactive: true }],
    [['--sig-proxy=false', 'web'], ['web'], { sigProxy: false }],
    [['--sig-proxy', 'web'], ['web'], { sigProxy: true }],
    [['--sig-proxy=false', '--sig-proxy', 'false'], ['false'], { sigProxy: true }],
    [['web', '--detach-keys', 'x,y', '-i=true'], ['web'], { detachKeys: '7879', interactive: true }],
    [['--', '-i=maybe'], ['-i=maybe'], {}],
  ])('may follow operands: %j', (args, names, flags) => {
    expect(parse(...args)).toEqual({ names, flags });
  });

  it.each([
    ['--interactive=maybe', 'maybe'],
    ['--sig-proxy=maybe', 'maybe'],
  ])('are booleans: %s', (word, named) => {
    expect(() => parse('web', word)).toThrow(named);
  });
});

describe('how a command takes part in streams', () => {
  it('is left to the helper when nothing is said', () => {
    expect(clientOptions(parse('web').flags)).toEqual({});
  });

  it('is what the options say', () => {
    const words = ['-a', 'STDOUT', '-a', 'stdin', '-a', 'stdout', '--detach-keys', 'ctrl-a,q'];
    expect(clientOptions(parse('web', ...words, '--sig-proxy=0').flags)).toEqual({
      streams: ['stdout', 'stdin'],
      detachKeys: '0171',
      forwardSignals: false,
    });
    expect(clientOptions(parse('--detach-keys=', 'web').flags)).toEqual({ detachKeys: '' });
  });

  it('is in standard input whenever -i says so, whatever -a names', () => {
    const streams = (...words: string[]) => clientOptions(parse(...words, 'web').flags).streams;
    expect(streams('-i', '-a', 'stdout')).toEqual(['stdin', 'stdout']);
    expect(streams('-a', 'stderr', '-i')).toEqual(['stdin', 'stderr']);
    expect(streams('-i', '-a', 'stdin')).toEqual(['stdin']);
    expect(streams('-i')).toBeUndefined();
    expect(streams('-a', 'stdout')).toEqual(['stdout']);
    expect(streams('--interactive=false', '-a', 'stdout')).toEqual(['stdout']);
  });
});
