import type { Command } from 'commander';

/** The helper calls this for a file of a log that it has put aside. */
export function define(command: Command): void {
  command.argument('<file>').action(async (file: string) => {
    const { compressFile } = await import('../../host/compress-file.ts');
    await compressFile(file);
  });
}
