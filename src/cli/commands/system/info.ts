import type { Command } from 'commander';
import type { Engine } from '../../../engine/engine.ts';
import type { EngineInfo } from '../../../engine/reports/info.ts';
import { bracketed } from '../../../network/address/address-text.ts';
import type { Session } from '../../command/session.ts';
import { renderError } from '../../output/error.ts';
import { firewallRemarks } from '../../output/firewall-remarks.ts';
import { print, printError } from '../../output/print.ts';
import { tell } from '../../output/tell.ts';
import { humanMemory, humanSize } from '../../text/units.ts';

const EXAMPLES = `
Examples:
  skiff info
  skiff info --format '{{.Driver}} {{.NCPU}}'     as Docker has it
  skiff --root /srv/skiff info     of another store`;

export function define(command: Command, session: () => Session): void {
  command
    .option('-f, --format <template>', 'json, or a template such as "{{.ServerVersion}}"')
    .addHelpText('after', EXAMPLES)
    .action(({ format }: { format?: string }) => showInfo(session(), format));
}

async function showInfo(session: Session, format: string | undefined): Promise<void> {
  const engine = await session.engine();
  const info = await engine.info();
  if (format) {
    const { systemInfoObject } = await import('../../../engine/reports/system-info.ts');
    const { renderObject } = await import('../../output/object.ts');
    return renderObject(systemInfoObject(info), format);
  }
  print(`${lines(info).join('\n')}\n`);
  if (info.registryProblem !== undefined) {
    const debug = session.globals.debug === true;
    printError(renderError(info.registryProblem, { debug, warning: true }));
  }
  for (const remark of await remarks(engine)) tell(`skiff: ${remark}`);
}

/** Tells what the host's own firewall means for networks and for the ports that are published now. */
async function remarks(engine: Engine): Promise<string[]> {
  const listed = await engine.containers.list({ all: false });
  const hosts = listed.flatMap(({ networking }) => networking.ports.flatMap(({ host }) => host ?? []));
  const open = hosts.filter(({ address }) => !address.startsWith('127.') && address !== '::1');
  const names = open.map(({ address, port }) => `${bracketed(address)}:${port}`);
  return firewallRemarks(await engine.networks.foreignFirewall(), names);
}

/** Returns the lines of `info`, in Docker's words where it has them. */
function lines(info: EngineInfo): string[] {
  const { containers, cgroup, storage, storageDriver: driver } = info;
  return [
    `Containers: ${containers.total}`,
    ` Running: ${containers.running - containers.paused}`,
    ` Paused: ${containers.paused}`,
    ` Stopped: ${containers.ended}`,
    ` Created: ${containers.created}`,
    `Images: ${info.images}`,
    `Server Version: ${info.version} (no daemon)`,
    `Storage Driver: ${driver.name}${driver.reason === undefined ? '' : ` (${driver.reason})`}`,
    `Root Dir: ${info.root} (${humanSize(storage.free)} of ${humanSize(storage.total)} free)`,
    `Runtime Dir: ${info.runtimeRoot}`,
    'Cgroup Driver: cgroupfs',
    `Cgroup Version: ${cgroup.mode === 'none' ? 'none mounted' : cgroup.mode}`,
    `Cgroup Controllers: ${cgroup.controllers.join(' ')}`,
    `Security Options: seccomp${info.apparmor === undefined ? '' : ` apparmor=${info.apparmor.profile ?? 'none'}`}`,
    `Networks: ${info.networks.join(' ')}`,
    'Logging Driver: json-file (3 files of 10MB)',
    `Insecure Registries: ${['127.0.0.0/8', '::1/128', ...info.insecureRegistries].join(' ')}`,
    ...(info.registryMirrors.length === 0 ? [] : ['Registry Mirrors:']),
    ...info.registryMirrors.map(({ of, mirrors }) => ` ${of}: ${mirrors.join(' ')}`),
    `Kernel Version: ${info.kernel}`,
    `Operating System: ${info.operatingSystem}`,
    'OSType: linux',
    `Architecture: ${info.architecture}`,
    `CPUs: ${info.cpus}`,
    `Total Memory: ${humanMemory(info.memory)}`,
    `Name: ${info.hostname}`,
  ];
}
