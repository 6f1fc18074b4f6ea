import type { Engine } from '../../engine/engine.ts';
import { engineSettings } from './settings.ts';

/** Options before the command's name. */
export interface GlobalOptions {
  /** Absent: what the settings say. */
  root?: string;
  insecureRegistry?: string[];
  debug?: boolean;
}

/** The things that one command works with: the engine, opened on first use, and a signal that Ctrl-C triggers. */
export interface Session {
  readonly globals: GlobalOptions;
  /** The file that is executed to run this program again. */
  readonly program: string;
  /** `stays`, for the first call: the command goes on for long, and does many things with it. */
  engine(options?: { stays: boolean }): Promise<Engine>;
  close(): void;
}

export function createSession(globals: GlobalOptions, self: readonly string[]): Session {
  let engine: Engine | undefined;
  return {
    globals,
    program: self[0] ?? '',
    async engine({ stays } = { stays: false }) {
      if (engine === undefined) {
        const { openEngine } = await import('../../engine/engine.ts');
        const settings = await engineSettings();
        const insecureRegistries = [
          ...(globals.insecureRegistry ?? []),
          ...(settings.insecureRegistries ?? []),
        ];
        engine = openEngine({
          ...settings,
          root: globals.root ?? settings.root,
          insecureRegistries,
          self,
          stays,
        });
      }
      return engine;
    },
    close: () => engine?.close(),
  };
}
