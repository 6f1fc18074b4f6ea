// Compiles the executable from bin/skiff.bun.ts; run by bin/build on the pinned Bun, as
// `bun bin/compile.ts OUT HELPER-DIGEST SECCOMP-REVISION`.
import { readFileSync } from 'node:fs';
import { patchExecutable } from './patch-executable.ts';

/** What is used here of Bun's bundler (bun.com/docs/bundler). */
declare const Bun: {
  build(options: object): Promise<{ success: boolean; logs: readonly unknown[] }>;
};

interface Bundler {
  onLoad(
    which: { filter: RegExp },
    load: (file: { path: string }) => { contents: string; loader: 'js' },
  ): void;
}

/**
 * commander imports two modules of Node's that it needs for things which skiff does not use: programs as subcommands
 * and coloured help. On Bun loading them takes 1.2 of the 7 ms that a short command takes.
 */
const UNUSED_IMPORTS: Readonly<Record<string, string>> = {
  "import childProcess from 'node:child_process';": 'const childProcess = undefined;',
  "import { stripVTControlCharacters } from 'node:util';": 'const stripVTControlCharacters = (text) => text;',
};

const slimCommander = {
  name: 'slim-commander',
  setup(bundler: Bundler): void {
    bundler.onLoad({ filter: /\/commander\/lib\/(command|help)\.js$/ }, ({ path }) => {
      let contents = readFileSync(path, 'utf8');
      for (const [statement, replacement] of Object.entries(UNUSED_IMPORTS))
        contents = contents.replace(statement, replacement);
      if (/from 'node:(child_process|util)'/.test(contents))
        throw new Error(`${path} imports more than bin/compile.ts knows`);
      return { contents, loader: 'js' };
    });
  },
};

const [, , outfile = '', helperDigest, seccompRevision] = process.argv;

const { success, logs } = await Bun.build({
  entrypoints: ['bin/skiff.bun.ts'],
  target: 'bun',
  format: 'esm',
  minify: true,
  bytecode: true,
  // Lazily imported modules stay apart, so that a command loads only what it uses.
  splitting: true,
  // Small ones join others that are loaded whenever they are: each costs a command some 20,000 instructions.
  minChunkSize: 4096,
  define: {
    SKIFF_HELPER_DIGEST: JSON.stringify(helperDigest),
    SKIFF_SECCOMP_REVISION: JSON.stringify(seccompRevision),
  },
  compile: {
    outfile,
    // The working directory's .env, bunfig.toml and the like must never reach a program that runs as root.
    autoloadDotenv: false,
    autoloadBunfig: false,
    autoloadTsconfig: false,
    autoloadPackageJson: false,
    // A command lives for milliseconds: compiling its functions to machine code hardly ever pays. With the threshold
    // a hundred times higher `run` takes 3 of 21 ms of CPU less, and a pull, which inflates and hashes, no more.
    jitPolicy: 100,
  },
  plugins: [slimCommander],
});
for (const log of logs) console.error(log);
if (!success) process.exit(1);
patchExecutable(outfile, readFileSync('build/native/entry'));
