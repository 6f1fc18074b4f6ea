import type { ExplainedContainer } from '../../engine/explain/container.ts';
import type { ExplainedImage } from '../../engine/explain/image.ts';
import type { ExplainedProcess, ExplainedSupervision } from '../../engine/explain/process.ts';
import { humanDuration } from '../../grammar/time-text.ts';
import { signalName } from '../../runtime/monitor/signals.ts';
import { shortId } from '../text/ids.ts';
import { fact, line, renderSheet, type SheetLine } from '../text/sheet.ts';
import { humanSize } from '../text/units.ts';
import { fileLines, idLines, namespaceLines } from './explained-files.ts';
import { cgroupLines, limitLines, securityLines } from './explained-limits.ts';
import { nameLines, networkLines } from './explained-networks.ts';

const HEADING =
  'Nothing of this is done. Lines with * are asked for; the rest is the default, or the image says it.\n\n';

/** What making and starting a container would do, in sections for people: what is done first comes first. */
export function renderExplained(explained: ExplainedContainer): string {
  const { image, process: command, supervision } = explained;
  const sheet = renderSheet([
    { title: 'Image', lines: imageLines(image) },
    { title: 'Container', lines: containerLines(explained) },
    { title: 'Cgroups: made first, and written to', lines: cgroupLines(explained.cgroup) },
    { title: 'Namespaces: what it has of its own', lines: namespaceLines(explained.namespaces) },
    { title: 'Ids: who its users are on the host', lines: idLines(explained) },
    { title: 'Files: mounted in this order', lines: fileLines(explained) },
    { title: 'Network', lines: networkLines(explained) },
    { title: 'Names: /etc/resolv.conf and /etc/hosts', lines: nameLines(explained.names) },
    { title: 'Kernel parameters', lines: sysctlLines(explained) },
    { title: 'Rights', lines: securityLines(explained) },
    { title: 'Limits of each process', lines: limitLines(explained.rlimits) },
    { title: 'Command', lines: commandLines(command) },
    {
      title: 'Environment',
      lines: command.env.map(({ name, value = HOME, from }) => line([name, value], from === 'asked')),
    },
    { title: 'While it runs, and at its end', lines: supervisionLines(supervision) },
  ]);
  return `${HEADING}${sheet}`;
}

const HOME = "(its user's, by the /etc/passwd of the container)";

function imageLines({ name, id, platform, from, layers, size, pull }: ExplainedImage): SheetLine[] {
  if (from === 'host') return [line([name, 'a directory of the host'], true)];
  const missing = layers.filter(({ isHere }) => !isHere).length;
  const count = `${layers.length} ${layers.length === 1 ? 'layer' : 'layers'}`;
  return [
    line(
      [name, `${shortId(id)}, ${platform}, ${count}${size === undefined ? '' : `, ${humanSize(size)}`}`],
      true,
    ),
    ...fact('from', FROM[from]),
    ...(pull === undefined
      ? []
      : fact('download', `${missing} of its layers are not here: ${humanSize(pull.download)}`)),
  ];
}

const FROM = {
  store: 'the store: it is here',
  program: 'skiff itself: it is unpacked first',
  registry: 'its registry: it is pulled first (its manifest and config were read just now)',
} as const;

function containerLines({
  name,
  replaces,
  cleansUp,
  hostname,
  domainname,
  timeOffsets,
}: ExplainedContainer): SheetLine[] {
  return [
    line(['name', name ?? 'one that is made up'], name !== undefined),
    ...fact('replaces', replaces && `container ${replaces}, which is killed and removed first`, true),
    ...cleansUp.flatMap((other) => fact('cleans up', `after container ${other}, whose monitor was killed`)),
    ...fact('host name', hostname),
    ...fact('domain name', domainname, true),
    ...timeOffsets.flatMap(({ clock, seconds }) => fact(clock, `${seconds} seconds ahead of the host`, true)),
  ];
}

function sysctlLines({ sysctls }: ExplainedContainer): SheetLine[] {
  return sysctls.map(({ name, value, isAsked }) => line([name, value], isAsked));
}

function commandLines(command: ExplainedProcess): SheetLine[] {
  const { argv, asked, cwd, user, groups, umask, hasTerminal, hasStdin, hasInit, initPath, oomScoreAdj } =
    command;
  const streams = hasTerminal ? 'a terminal' : `pipes${hasStdin ? '' : ', nothing to read'}`;
  return [
    line(['command', argv.map(quoted).join(' ')], asked.includes('argv')),
    ...fact(
      'PID 1',
      initPath ?? (hasInit ? "skiff's init, which reaps and forwards signals" : 'the command itself'),
      hasInit || initPath !== undefined,
    ),
    ...fact('user', user, asked.includes('user')),
    ...fact('groups', groups.map(groupText).join(' '), true),
    ...fact('directory', cwd, asked.includes('cwd')),
    ...fact('umask', umask, asked.includes('umask')),
    ...fact('streams', streams, hasTerminal || hasStdin),
    ...fact('OOM score', oomScoreAdj?.toString(), asked.includes('oomScoreAdj')),
  ];
}

/** As a shell reads it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function supervisionLines(supervision: ExplainedSupervision): SheetLine[] {
  const { health, restart, stop, runTimeoutMs, autoRemove, isLogAsked } = supervision;
  const killed = stop.timeoutMs < 0 ? 'and never SIGKILL' : `SIGKILL ${time(stop.timeoutMs)} later`;
  return [
    ...fact('log', logText(supervision), isLogAsked),
    ...(health === undefined
      ? []
      : [
          line(['health', health.argv.map(quoted).join(' ')]),
          line(['', `every ${time(health.intervalMs)}, unhealthy after ${health.retries} failures`]),
        ]),
    ...fact('restart', restartText(restart), restart !== undefined),
    ...fact('stop', `${signalName(stop.signal)}, ${killed}`),
    ...(runTimeoutMs === undefined ? [] : fact('ends', `after ${time(runTimeoutMs)} at the latest`, true)),
    ...fact('its files', autoRemove ? 'removed when it ends' : 'kept until it is removed', autoRemove),
  ];
}

function time(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds} ms` : humanDuration(milliseconds).toLowerCase();
}

function logText({ log }: ExplainedSupervision): string {
  if (log === undefined) return 'none: what it writes is not kept';
  const { driver, path, maxBytes, maxFiles } = log;
  if (driver === 'journald') return driver;
  const rotation = maxBytes > 0 ? `, at most ${maxFiles} files of ${humanSize(maxBytes)}` : '';
  return `${driver}, ${path}${rotation}`;
}

function restartText(policy: ExplainedSupervision['restart']): string {
  if (policy === undefined || policy.name === 'no') return 'no';
  return policy.maximum ? `${policy.name}, ${policy.maximum} times at most` : policy.name;
}

function groupText(group: string): string {
  return group === 'keep-groups' ? 'those of whoever starts it' : group;
}
