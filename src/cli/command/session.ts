import type { Engine } from '../../engine/engine.ts';

/** Options before the command's name. */
export interface GlobalOptions {
  root: string;
  insecureRegistry?: string[];
  debug?: boolean;
}

/** What one command works with: the engine, opened on first use, and a signal that Ctrl-C triggers. */
export interface Session {
  readonly globals: GlobalOptions;
  engine(): Promise<Engine>;
  close(): void;
}

export function createSession(globals: GlobalOptions, self: readonly string[]): Session {
  let engine: Engine | undefined;
  return {
    globals,
    async engine() {
      if (engine === undefined) {
        const { openEngine } = await import('../../engine/engine.ts');
        engine = openEngine({
          root: globals.root,
          insecureRegistries: insecureRegistries(globals),
          environment: process.env,
          publishAddress: await publishAddress(),
          self,
        });
      }
      return engine;
    },
    close: () => engine?.close(),
  };
}

/** From the option and from `SKIFF_INSECURE_REGISTRIES` (separated by commas). */
function insecureRegistries(globals: GlobalOptions): string[] {
  const listed = (process.env['SKIFF_INSECURE_REGISTRIES'] ?? '').split(',').map((host) => host.trim());
  return [...(globals.insecureRegistry ?? []), ...listed.filter((host) => host !== '')];
}

/** From `SKIFF_PUBLISH_ADDRESS`. Throws `invalid` when it is no address. */
async function publishAddress(): Promise<string | undefined> {
  const text = process.env['SKIFF_PUBLISH_ADDRESS'] ?? '';
  if (text === '') return undefined;
  const { address } = await import('../parse/addresses.ts');
  return address('address in SKIFF_PUBLISH_ADDRESS')(text);
}
