import type { Command } from 'commander';
import { helperDigest } from '../../../host/assets.ts';
import { VERSION } from '../../../host/version.ts';
import { print } from '../../output/print.ts';

const EXAMPLES = `
Examples:
  skiff version
  skiff --version                  in one line`;

export function define(command: Command): void {
  command.addHelpText('after', EXAMPLES).action(() => {
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
  });
}
