import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addOnDemand } from '../../../../src/cli/options/on-demand.ts';

/** Reads a command line, and returns what commander was told of: the long names of options. */
function told(...words: string[]): string[] {
  const command = new Command()
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .passThroughOptions()
    .argument('[words...]')
    .option('-d, --detach');
  addOnDemand(command, (options) =>
    options
      .option('-m, --memory <size>')
      .option('--memory-swap <size>')
      .option('--net, --network <name>')
      .option('--net-alias, --network-alias <name>')
      .option('-i, --interactive')
      .option('-t, --tty')
      .option('--rm')
      .option('--rmi'),
  );
  try {
    command.parse(words, { from: 'user' });
  } catch {
    // Words that are no options are looked at, too.
  }
  return command.options.map(({ long }) => long ?? '').slice(1);
}

test.each([
  [['--rm', 'busybox'], ['--rm']],
  [['--memory=1g', 'busybox'], ['--memory']],
  [['--network', 'none', 'busybox'], ['--network']],
  [['--network-alias', 'web', 'busybox'], ['--network-alias']],
  [
    ['-it', 'busybox'],
    ['--interactive', '--tty'],
  ],
  [['-dm64m', 'busybox'], ['--memory']],
  [['--detach', 'busybox', '-'], []],
  [['busybox', 'sh', '--', 'x'], []],
])('of %j only what it may name is declared', (words, names) => {
  expect(told(...words)).toEqual(names);
});

test('an option has its second name, too', () => {
  expect(told('--net', 'none', 'busybox')).toEqual(['--network']);
});

test.each(['--help', '--memori', '--rmx'])('all are declared for %s, to be shown or guessed from', (word) => {
  expect(told(word)).toHaveLength(8);
});
