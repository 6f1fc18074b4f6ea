// The program as one executable: compiled by Bun, which puts the assets inside. See bin/build.
import hello from '../build/native/hello' with { type: 'file' };
import helper from '../build/native/skiff-helper' with { type: 'file' };
import { main } from '../src/cli/main.ts';
import { setAssets } from '../src/host/assets.ts';

/** Put in by the build: the sha256 of the helper, and the one over the sources of the seccomp compiler. */
declare const SKIFF_HELPER_DIGEST: string;
declare const SKIFF_SECCOMP_REVISION: string;

setAssets({
  helper,
  hello,
  helperDigest: SKIFF_HELPER_DIGEST,
  seccomp: { revision: SKIFF_SECCOMP_REVISION },
});
await main({ name: process.argv0, args: process.argv.slice(2), self: [process.execPath] });
