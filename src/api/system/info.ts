import { systemInfoObject } from '../../engine/reports/system-info.ts';
import { shownFor } from '../bodies/differences.ts';
import { INFO } from '../bodies/older-answers.ts';
import type { Call } from '../http/call.ts';

export async function systemInfo({ engine, reply, version }: Call): Promise<void> {
  reply.json(shownFor(version, INFO)(systemInfoObject(await engine.info())));
}
