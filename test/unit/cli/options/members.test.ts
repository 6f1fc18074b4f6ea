import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addMembers, givenFlags, type MemberFlags, membersOf } from '../../../../src/cli/options/members.ts';
import { integer, listOf } from '../../../../src/grammar/words.ts';

interface Group {
  oomScoreAdj?: number;
  names?: string[];
  readOnly?: boolean;
  cwd?: string;
  size?: number;
}

const FLAGS: MemberFlags<Group> = {
  oomScoreAdj: ['--oom-score-adj <number>', 'a name of several words', integer],
  names: ['--name, --called <name>', 'two long names', listOf(String)],
  readOnly: ['-r, --read-only', 'a switch'],
  cwd: ['-w, --workdir <dir>', 'text as it is'],
  size: ['--size <number>', 'zero is the default', (text) => integer(text) || undefined],
};

function membersAfter(...args: string[]): Partial<Group> {
  const command = new Command();
  addMembers(command, FLAGS);
  return membersOf(FLAGS, givenFlags(command.parse(args, { from: 'user' })));
}

describe('the members of a group of options', () => {
  it('are those that a command line speaks of, read by the readers of their flags', () => {
    expect(membersAfter()).toEqual({});
    expect(membersAfter('--oom-score-adj', '0', '--name', 'a', '--called=b', '-rw', '/srv')).toEqual({
      oomScoreAdj: 0,
      names: ['a', 'b'],
      readOnly: true,
      cwd: '/srv',
    });
  });

  it('are absent when they are empty or read as undefined, whatever the flag has said before', () => {
    expect(membersAfter('-w', '/srv', '--size', '4', '-w', '', '--size=0')).toEqual({});
  });

  it('leave alone what other flags have said', () => {
    const given = new Map<string, unknown>([
      ['--size [number]', 1],
      ['-w, --workdir <dir>', '/'],
    ]);
    expect(membersOf(FLAGS, given)).toEqual({ cwd: '/' });
  });
});
