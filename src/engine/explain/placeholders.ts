import type { LeasedContainer } from '../prepare/container.ts';

/** The number of digits of an id that interfaces of the host are named by. */
const OF_INTERFACE = 10;

/**
 * Puts placeholders where a value names what is made up for each container, and is another one the next time: `<id>`,
 * `<short-id>` for its first digits, `<volume>` for the name of an anonymous volume.
 */
export function withoutRandom<Value>(
  value: Value,
  { id, options }: Pick<LeasedContainer, 'id' | 'options'>,
): Value {
  const volumes = (options.mounts ?? []).flatMap((mount) => {
    const isNew = mount.type === 'volume' && mount.anonymous === true && mount.asked !== 'from';
    return isNew ? (mount.name ?? []) : [];
  });
  const random: [string, string][] = [
    [id, '<id>'],
    [id.slice(0, 12), '<short-id>'],
    [`sk${id.slice(0, OF_INTERFACE)}`, 'sk<short-id>'],
    ...volumes.map((name): [string, string] => [name, '<volume>']),
  ];
  const text = JSON.stringify(value);
  return JSON.parse(random.reduce((all, [from, to]) => all.replaceAll(from, to), text)) as Value;
}
