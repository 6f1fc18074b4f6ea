import { systemInfoObject } from '../../engine/reports/system-info.ts';
import type { Call } from '../http/call.ts';

export async function systemInfo({ engine, reply }: Call): Promise<void> {
  reply.json(systemInfoObject(await engine.info()));
}
