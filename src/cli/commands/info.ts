import type { Command } from 'commander';
import type { EngineInfo } from '../../engine/info.ts';
import { print } from '../output/print.ts';
import { humanMemory, humanSize } from '../output/units.ts';
import type { Session } from '../session.ts';

const EXAMPLES = `
Examples:
  skiff info
  skiff --root /srv/skiff info     of another store`;

export function define(command: Command, session: () => Session): void {
  command.addHelpText('after', EXAMPLES).action(() => info(session()));
}

async function info(session: Session): Promise<void> {
  const engine = await session.engine();
  print(`${lines(await engine.info()).join('\n')}\n`);
}

/** Docker's words where it has them. */
function lines(info: EngineInfo): string[] {
  const { containers, cgroup, storage } = info;
  return [
    `Containers: ${containers.total}`,
    ` Running: ${containers.running}`,
    ` Stopped: ${containers.ended}`,
    ` Created: ${containers.created}`,
    `Images: ${info.images}`,
    `Server Version: ${info.version} (no daemon)`,
    `Storage Driver: overlay${info.overlay ? '' : ' (missing: this kernel has no overlay file system)'}`,
    `Root Dir: ${info.root} (${humanSize(storage.free)} of ${humanSize(storage.total)} free)`,
    `Runtime Dir: ${info.runtimeRoot}`,
    'Cgroup Driver: cgroupfs',
    `Cgroup Version: ${cgroup.mode === 'none' ? 'none mounted' : cgroup.mode}`,
    `Cgroup Controllers: ${cgroup.controllers.join(' ')}`,
    'Networks: none host (default: none)',
    'Logging Driver: json-file (3 files of 10MB)',
    `Insecure Registries: ${['127.0.0.0/8', '::1/128', ...info.insecureRegistries].join(' ')}`,
    `Kernel Version: ${info.kernel}`,
    `Operating System: ${info.operatingSystem}`,
    'OSType: linux',
    `Architecture: ${info.architecture}`,
    `CPUs: ${info.cpus}`,
    `Total Memory: ${humanMemory(info.memory)}`,
    `Name: ${info.hostname}`,
  ];
}
