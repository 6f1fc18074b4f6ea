import type { Call } from '../http/call.ts';
import { terminalSize } from '../http/terminal-size.ts';

export async function resizeContainer(call: Call): Promise<void> {
  await call.engine.containers.resize(call.path.name ?? '', terminalSize(call));
  call.reply.empty(200);
}
