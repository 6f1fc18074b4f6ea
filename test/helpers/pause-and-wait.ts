import { whilePaused } from '../../src/engine/archives/pause.ts';
import { findContainer } from '../../src/engine/store/containers.ts';
import { Context } from '../../src/engine/store/context.ts';

/** `ROOT NAME`: pauses a container as commit does for as long as it copies, says so, and waits until it is killed. */
const [root, name = ''] = process.argv.slice(2);
const context = new Context({ root, self: [] });
await whilePaused(context, findContainer(context.database, name), async () => {
  process.stdout.write('paused\n');
  await new Promise((resolve) => process.stdin.once('end', resolve).resume());
});
