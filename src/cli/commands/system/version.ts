import type { Command } from 'commander';
import { helperDigest } from '../../../host/assets.ts';
import { VERSION } from '../../../host/version.ts';
import { print } from '../../output/print.ts';

const EXAMPLES = `
Examples:
  skiff version
  skiff --version                                  in one line
  skiff version --format '{{.Server.Version}}'     as Docker has it: Client and Server`;

export function define(command: Command): void {
  command
    .option('-f, --format <template>', 'json, or a template such as "{{.Client.Version}}"')
    .addHelpText('after', EXAMPLES)
    .action(({ format }: { format?: string }) => (format ? showAs(format) : show()));
}

function show(): void {
  const runtime =
    process.versions['bun'] === undefined
      ? `Node.js ${process.versions.node}`
      : `Bun ${process.versions['bun']}`;
  print(
    [
      `skiff version ${VERSION}`,
      ` Runtime:  ${runtime}`,
      ` Helper:   ${helperDigest().slice(0, 12)}`,
      ` OS/Arch:  linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
      '',
    ].join('\n'),
  );
}

/** Client and server are one program. */
async function showAs(format: string): Promise<void> {
  const { release } = await import('node:os');
  const { versionObject } = await import('../../../api/system/version.ts');
  const { renderObject } = await import('../../output/object.ts');
  const both = versionObject(release());
  renderObject({ Client: both, Server: both }, format);
}
