import type { TerminalSize } from '../../engine/options/client.ts';
import { EngineError } from '../../errors.ts';
import { parseDetachKeys } from '../../grammar/detach-keys.ts';
import { attachedStreams } from '../bodies/attached.ts';
import { environmentOf } from '../bodies/environment.ts';
import type { Call } from '../http/call.ts';
import { JsonObject } from '../http/json.ts';

/** ExecConfig. */
export async function createExec({ engine, path, body, reply }: Call): Promise<void> {
  const config = new JsonObject(await body());
  const argv = config.words('Cmd') ?? [];
  if (argv.length === 0) throw new EngineError('invalid', 'No exec command specified');
  const keys = config.text('DetachKeys');
  const streams = attachedStreams(config);
  const id = await engine.execs.create(path.name ?? '', {
    argv,
    env: environmentOf(config) ?? [],
    cwd: config.text('WorkingDir'),
    user: config.text('User'),
    privileged: config.flag('Privileged') === true,
    stdin: streams.includes('stdin'),
    terminal: config.flag('Tty') === true,
    streams,
    detachKeys: keys === undefined ? undefined : parseDetachKeys(keys),
    size: consoleSize(config),
  });
  reply.json({ Id: id }, { status: 201 });
}

/** `ConsoleSize: [height, width]`. */
export function consoleSize(config: JsonObject): TerminalSize | undefined {
  const size = config.raw('ConsoleSize');
  if (size === undefined) return undefined;
  const [rows, columns] = Array.isArray(size) ? size : [];
  if (!isSize(rows) || !isSize(columns))
    throw config.refusal('ConsoleSize', 'it is to be the height and the width of a terminal, 0 to 65535');
  return rows === 0 || columns === 0 ? undefined : { rows, columns };
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= 65_535;
}
