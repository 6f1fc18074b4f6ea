import { describe, expect, it } from 'vitest';
import { decodeMessages, textOf } from '../../../../src/network/nft/decode.ts';
import { resolverRules } from '../../../../src/network/nft/resolver-rules.ts';
import { ruleset } from '../../../../src/network/nft/ruleset.ts';
import { WATCHED_CHAIN, WATCHED_RULES } from '../../../../src/network/nft/watched-chain.ts';
import { network } from '../definitions.ts';

const state = {
  table: 'skiff-0123abcd',
  networks: [network()],
  ports: [],
  uplinks4: ['eth0'],
  uplinks6: ['eth0'],
};
const NEW_TABLE = 0;
const DELETE_TABLE = 2;
const NEW_RULE = 6;

describe('the table of the firewall', () => {
  it('is removed and made anew, whether it is there or not', () => {
    for (const messages of [ruleset(state).messages, resolverRules()])
      expect(
        decodeMessages(messages)
          .slice(0, 3)
          .map(({ type }) => type),
      ).toEqual([NEW_TABLE, DELETE_TABLE, NEW_TABLE]);
  });

  it('is named in each message', () => {
    const tables = decodeMessages(ruleset(state).messages).map(({ attributes }) => textOf(attributes.get(1)));
    expect(new Set(tables)).toEqual(new Set(['skiff-0123abcd']));
  });

  it('has as many rules as it says', () => {
    const { messages, ruleCounts } = ruleset(state);
    const counted: Record<string, number> = {};
    for (const { type, attributes } of decodeMessages(messages)) {
      const chain = textOf(attributes.get(2)) ?? '';
      if (type === NEW_RULE) counted[chain] = (counted[chain] ?? 0) + 1;
    }
    expect(ruleCounts).toEqual(counted);
    expect(ruleCounts[WATCHED_CHAIN]).toBe(WATCHED_RULES);
  });

  it('has the same rules with any number of networks', () => {
    const many = Array.from({ length: 50 }, (_, index) => network({ link: `b${index}` }));
    expect(ruleset({ ...state, networks: many }).ruleCounts).toEqual(ruleset(state).ruleCounts);
  });
});
