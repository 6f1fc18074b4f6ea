import { describe, expect, it } from 'vitest';
import { decodeMessages, textOf } from '../../../../src/network/nft/decode.ts';
import {
  elementsOfNetworks,
  elementsOfPorts,
  publishElements,
  withdrawElements,
} from '../../../../src/network/nft/elements.ts';
import { endpoint, network, port, SUBNET4, SUBNET6 } from '../definitions.ts';

/** `set key`, keys as hex digits; of a range both ends. */
function keys(elements: ReturnType<typeof elementsOfNetworks>): string[] {
  const hex = (bytes: Uint8Array | undefined) => (bytes ? Buffer.from(bytes).toString('hex') : 'end');
  return [...elements].flatMap(([set, some]) =>
    some.map(({ key, behind, value }) =>
      [
        set,
        hex(key),
        ...(set.startsWith('sources') ? [hex(behind)] : []),
        ...(value ? [hex(value)] : []),
      ].join(' '),
    ),
  );
}

/** The sets that the messages are about, with their types. */
const sets = (messages: Uint8Array) =>
  decodeMessages(messages).map(({ type, attributes }) => `${type} ${textOf(attributes.get(2))}`);

describe('the elements of a network', () => {
  it('are its bridge and the subnets that are masqueraded', () => {
    const elements = elementsOfNetworks([network({ link: 'b', subnets: [SUBNET4, SUBNET6] })]);
    expect([...elements.keys()]).toEqual(['bridges', 'same', 'own4', 'own6', 'sources4', 'sources6']);
    expect(keys(elements).slice(4)).toEqual([
      'sources4 ac120000 ac121000',
      'sources6 fd000001000000000000000000000000 fd000001000000010000000000000000',
    ]);
  });

  it('have no subnets where nothing leaves, or leaves as it is', () => {
    expect([...elementsOfNetworks([network({ internal: true })]).keys()]).toEqual([
      'bridges',
      'same',
      'own4',
      'internal',
    ]);
    expect([...elementsOfNetworks([network({ masquerade: false })]).keys()]).toEqual([
      'bridges',
      'same',
      'own4',
    ]);
  });

  it('have no end where a range ends with the last address', () => {
    const last = network({ subnets: [{ subnet: '255.255.0.0/16', auxiliary: {} }] });
    expect(keys(elementsOfNetworks([last])).at(-1)).toBe('sources4 ffff0000 end');
  });

  it('are none for macvlan', () => {
    expect(elementsOfNetworks([network({ driver: 'macvlan' })]).size).toBe(0);
  });
});

describe('the elements of published ports', () => {
  it('are by address, or by port alone for every address', () => {
    const ports = [
      { ...port('127.0.0.1'), containerAddress: '172.18.0.2' },
      { ...port('0.0.0.0', { protocol: 'udp' }), containerAddress: '172.18.0.2' },
      { ...port('fd00::9', { protocol: 'sctp' }), containerAddress: 'fd00:1::2' },
      { ...port('::'), containerAddress: 'fd00:1::2' },
    ];
    expect(keys(elementsOfPorts(ports))).toEqual([
      'ports4 7f000001060000001f900000 ac12000200500000',
      'any4 110000001f900000 ac12000200500000',
      'ports6 fd000000000000000000000000000009840000001f900000 fd00000100000000000000000000000200500000',
      'any6 060000001f900000 fd00000100000000000000000000000200500000',
    ]);
  });

  it('are added at once, and removed each by itself, as one may be missing', () => {
    const two = endpoint({ ports: [port('0.0.0.0'), port('0.0.0.0', { hostPort: 8081 })] });
    expect(sets(publishElements('skiff', two))).toEqual(['12 any4']);
    expect(sets(withdrawElements('skiff', two))).toEqual(['14 any4', '14 any4']);
  });

  it('fit into messages however many there are', () => {
    const ports = Array.from({ length: 1200 }, (_, index) => port('fd00::9', { hostPort: 1000 + index }));
    const messages = publishElements('skiff', endpoint({ address6: 'fd00:1::2', ports }));
    expect(sets(messages)).toEqual(['12 ports6', '12 ports6', '12 ports6']);
  });
});
