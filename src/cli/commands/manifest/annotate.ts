import type { Command } from 'commander';
import type { Session } from '../../command/session.ts';

interface Flags {
  arch?: string;
  os?: string;
  osFeatures?: string[];
  osVersion?: string;
  variant?: string;
}

const EXAMPLES = `
Examples:
  skiff manifest annotate --arch arm64 --variant v8 team/app:2 team/app:2-arm64`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<list>', 'a list that was made here')
    .argument('<manifest>', 'one of its images')
    .option('--arch <name>', 'the architecture, such as arm64')
    .option('--os <name>', 'the operating system')
    .option('--os-features <names>', 'features of it, with commas between them (repeatable)', collectFeatures)
    .option('--os-version <version>', 'its version')
    .option('--variant <name>', 'the variant of the architecture, such as v7')
    .addHelpText('after', EXAMPLES)
    .action((list: string, image: string, flags: Flags) => annotate(session(), list, image, flags));
}

async function annotate(
  session: Session,
  list: string,
  image: string,
  { arch, os, osFeatures, osVersion, variant }: Flags,
): Promise<void> {
  const { manifests } = await session.engine();
  await manifests.annotate(list, image, {
    architecture: arch,
    os,
    'os.version': osVersion,
    'os.features': osFeatures,
    variant,
  });
}

function collectFeatures(text: string, earlier: string[] = []): string[] {
  return [...earlier, ...text.split(',').filter((feature) => feature !== '')];
}
