// The program on Node, with the assets as files of the checkout: `node bin/skiff.node.ts ARGUMENT...`.
import { join } from 'node:path';
import process from 'node:process';
import { main } from '../src/cli/main.ts';
import { setAssets } from '../src/host/assets.ts';
import { leaveLostDirectory } from '../src/host/working-directory.ts';

leaveLostDirectory();
const native = join(import.meta.dirname, '../build/native');
setAssets({
  helper: join(native, 'skiff-helper'),
  hello: join(native, 'hello'),
  seccomp: { directory: join(import.meta.dirname, '../src/runtime/seccomp') },
});
await main({ args: process.argv.slice(2), self: [process.execPath, import.meta.filename] });
