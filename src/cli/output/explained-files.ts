import type { ExplainedContainer } from '../../engine/explain/container.ts';
import type { ExplainedMount } from '../../engine/explain/files.ts';
import type { ExplainedNamespace } from '../../engine/explain/isolation.ts';
import type { IdRange } from '../../engine/options/create.ts';
import { fact, line, type SheetLine } from '../text/sheet.ts';

const MEANINGS: Readonly<Record<ExplainedNamespace['type'], string>> = {
  mount: 'the tree of its files',
  pid: 'the processes that it sees',
  network: 'interfaces, addresses, ports, firewall',
  ipc: 'shared memory and message queues',
  uts: 'host name',
  cgroup: 'its cgroup is the root that it sees',
  user: 'users and groups: its root is nobody outside',
  time: 'the clocks that count from boot',
};

/** A line for each kind of namespace that there is. */
export function namespaceLines(namespaces: readonly ExplainedNamespace[]): SheetLine[] {
  return namespaces.map(({ type, how, container, isAsked }) => {
    const whose = how === 'joined' ? `that of container ${container}` : how === 'host' ? "the host's" : 'new';
    return line(
      [type, whose, how === 'host' && type === 'user' ? 'its root is root outside' : MEANINGS[type]],
      isAsked,
    );
  });
}

/** The maps of a user namespace. */
export function idLines({ idMaps }: Pick<ExplainedContainer, 'idMaps'>): SheetLine[] {
  if (idMaps === undefined) return [];
  const files = idMaps.idMapped
    ? 'have the owners of the image, shown through these maps by the kernel'
    : 'layers are copied once with these owners: the kernel cannot show them through the maps';
  return [
    ...idMaps.uids.map((range) => line(['users', rangeText(range)], true)),
    ...idMaps.gids.map((range) => line(['groups', rangeText(range)], true)),
    ...fact('files', files),
  ];
}

function rangeText({ inside, outside, count }: IdRange): string {
  const last = (first: number) => (count === 1 ? '' : ` to ${first + count - 1}`);
  return `${inside}${last(inside)} inside, ${outside}${last(outside)} outside`;
}

/** Mounts, then devices and what is closed at last. */
export function fileLines(explained: ExplainedContainer): SheetLine[] {
  const { mounts, hostMounts, devices, links, labels, isRootReadOnly, security } = explained;
  return [
    ...labels.map(({ source, label }) => line([source, 'label', label], true)),
    ...hostMounts.map(({ type, device, options }) =>
      line(['(a volume)', type, [device, ...options].join(' ')], true),
    ),
    ...mounts.map((mount) => line([mount.target, typeOf(mount), detailOf(mount)], mount.isAsked)),
    ...devices.map(({ path, type, major, minor, mode, isAsked }) => {
      return line([path, 'device', `${type} ${major}:${minor}, mode ${mode}`], isAsked);
    }),
    ...links.map(({ path, to }) => line([path, 'link', to])),
    ...pathLines(security.masked, 'masked', 'nothing is seen there'),
    ...pathLines(security.readOnly, 'read-only', ''),
    ...(isRootReadOnly ? [line(['/', 'read-only', 'at last, when all is in its place'], true)] : []),
  ];
}

/** Many of them are alike: a line for each directory that they are in. */
function pathLines(paths: readonly string[], what: string, detail: string): SheetLine[] {
  const parts = Map.groupBy(paths, (path) => path.slice(0, path.indexOf('/', 1)));
  return [...parts].map(([directory, some]) => {
    const names = some.map((path) => path.slice(directory.length + 1)).join(' ');
    return line([directory, what, detail === '' ? names : `${names} (${detail})`]);
  });
}

function typeOf({ type, volume, image }: ExplainedMount): string {
  if (volume !== undefined) return 'volume';
  return image === undefined ? type : 'image';
}

function detailOf(mount: ExplainedMount): string {
  return [sourceOf(mount), ...optionsOf(mount)].filter((part) => part !== '').join(', ');
}

function sourceOf({
  target,
  type,
  source,
  lowers,
  upper,
  copyOf,
  beneath,
  pid,
  isMade,
  isAsked,
  volume,
  image,
}: ExplainedMount): string {
  const below = beneath === undefined ? '' : `, ${beneath} in it`;
  if (volume !== undefined) {
    const name = volume.name ?? 'an anonymous one';
    const made = volume.isMissing ? ' (made)' : '';
    return `${name}${made}${contentText(volume)}${below}`;
  }
  if (image !== undefined) return `${image}${below}`;
  if (lowers !== undefined) {
    const count = `${lowers.length} ${lowers.length === 1 ? 'layer' : 'layers'}`;
    const under = target === '/' && !isAsked ? `${count} of the image below` : `${lowers.join(' ')} below`;
    return `${under}${upper === undefined ? '' : `, what is written in ${upper}`}${below}`;
  }
  if (pid !== undefined) return `that of process ${pid}`;
  if (type !== 'bind') return '';
  if (copyOf !== undefined) return `${source}, a copy of the image's files in ${copyOf}`;
  return `${source}${isMade === true ? ' (made, a directory)' : ''}${below}`;
}

function contentText({ isToBeFilled }: NonNullable<ExplainedMount['volume']>): string {
  if (isToBeFilled === undefined) return ', begins with what the image may have there';
  return isToBeFilled ? ', begins with what the image has there' : '';
}

/** Words of the plan that only say what becomes of a target that is missing. */
const TARGETS = new Set(['mkdir', 'mkfile', 'mksame', 'keep-mode', 'nofollow']);

const WORDS: Readonly<Record<string, string>> = {
  rec: 'with what is mounted below it',
  'ro-below': 'what is mounted below it ro',
  'ro-top': 'ro, but not what is mounted below it',
  idmap: 'owners shown through the id maps',
  'try-idmap': 'owners shown through the id maps, if the file system can',
  chown: "given to the container's user",
};

/** Words of mount(8) together, and what the plan says besides. */
function optionsOf({ options }: ExplainedMount): string[] {
  const shown = options.filter((word) => !TARGETS.has(word));
  const words = shown.filter((word) => WORDS[word] === undefined).join();
  return [words, ...shown.flatMap((word) => WORDS[word] ?? [])];
}
