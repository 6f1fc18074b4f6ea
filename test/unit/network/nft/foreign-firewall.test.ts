import { describe, expect, it } from 'vitest';
import { decodeMessages } from '../../../../src/network/nft/decode.ts';
import {
  compare,
  type Expression,
  interfaceBytes,
  meta,
  verdict,
} from '../../../../src/network/nft/expressions.ts';
import { denyingChains, firewallQuestions } from '../../../../src/network/nft/foreign-firewall.ts';
import { type BaseChain, newChain, newRule } from '../../../../src/network/nft/messages.ts';
import { Family } from '../../../../src/network/nft/netlink.ts';

const place = { family: Family.inet, table: 'firewalld' };
const input: BaseChain = { type: 'filter', hook: 'input', priority: 10 };
const condition = [meta('iifname'), compare('equal', interfaceBytes('lo'))];

/** What the kernel would answer for a chain at the hook input with these rules. */
function denying(...rules: Expression[][]) {
  const answers = [newChain(place, 'in', input), ...rules.map((rule) => newRule(place, 'in', rule))];
  return denyingChains(Buffer.concat(answers), 'skiff').map(({ chain, by }) => `${chain} ${by}`);
}

describe('a chain of others', () => {
  it('denies by a last rule without a condition', () => {
    expect(denying([...condition, verdict('accept')], [verdict('drop')])).toEqual(['in rule']);
  });

  it('does not deny by a rule that others follow, or with a condition', () => {
    expect(denying([verdict('drop')], [...condition, verdict('accept')])).toEqual([]);
    expect(denying([...condition, verdict('drop')])).toEqual([]);
    expect(denying([verdict('accept')])).toEqual([]);
    expect(denying()).toEqual([]);
  });

  it('is left out in the own table, at other hooks, and when nothing leads to it', () => {
    const rule = newRule(place, 'in', [verdict('drop')]);
    const answers = (base?: BaseChain) => Buffer.concat([newChain(place, 'in', base), rule]);
    expect(denyingChains(answers(input), 'firewalld')).toEqual([]);
    expect(denyingChains(answers({ ...input, hook: 'output' }), 'skiff')).toEqual([]);
    expect(denyingChains(answers(), 'skiff')).toEqual([]);
    expect(denyingChains(answers({ ...input, hook: 'forward' }), 'skiff')).toEqual([
      { family: 'inet', table: 'firewalld', chain: 'in', hook: 'forward', by: 'rule' },
    ]);
  });
});

describe('the questions', () => {
  it('are two dumps of every family', () => {
    expect(decodeMessages(firewallQuestions()).map(({ type, family }) => [type, family])).toEqual([
      [4, 0],
      [7, 0],
    ]);
  });
});
