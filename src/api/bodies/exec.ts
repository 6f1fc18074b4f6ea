import type { ExecInstanceRequest } from '../../engine/lifecycle/exec-instances.ts';
import type { TerminalSize } from '../../engine/options/client.ts';
import { EngineError } from '../../errors.ts';
import { parseDetachKeys } from '../../grammar/detach-keys.ts';
import type { JsonObject } from '../http/json.ts';
import { attachedStreams } from './attached.ts';
import { environmentOf } from './environment.ts';
import type { UnreadMembers } from './unread.ts';

/** Of Docker's ExecConfig. */
export const UNREAD_EXEC: UnreadMembers = {
  Detach: { harmless: 'whoever starts it says whether he takes part' },
};

/** The version of the API (1.42) since which a request says how large the terminal is. */
const SIZE_SINCE = 42;

/** Reads Docker's ExecConfig, as a version of the API has it. Throws `invalid`. */
export function execOptions(config: JsonObject, version: number): ExecInstanceRequest {
  const argv = config.words('Cmd') ?? [];
  if (argv.length === 0) throw new EngineError('invalid', 'No exec command specified');
  const keys = config.text('DetachKeys');
  const streams = attachedStreams(config);
  return {
    argv,
    env: environmentOf(config) ?? [],
    cwd: config.text('WorkingDir'),
    user: config.text('User'),
    privileged: config.flag('Privileged') === true,
    stdin: streams.includes('stdin'),
    terminal: config.flag('Tty') === true,
    streams,
    detachKeys: keys === undefined ? undefined : parseDetachKeys(keys),
    size: consoleSize(config, version),
  };
}

/** What of Docker's ExecStartConfig counts. */
export interface ExecStart {
  detached: boolean;
  /** Whether the streams come in frames: unless the client says a terminal, whatever the process has. */
  framed: boolean;
  size: TerminalSize | undefined;
}

/** Reads Docker's ExecStartConfig. Without a terminal there is no size. Throws `invalid`. */
export function execStart(config: JsonObject, version: number): ExecStart {
  const framed = config.flag('Tty') !== true;
  return {
    detached: config.flag('Detach') === true,
    framed,
    size: framed ? undefined : consoleSize(config, version),
  };
}

/** `ConsoleSize: [height, width]`. */
function consoleSize(config: JsonObject, version: number): TerminalSize | undefined {
  const size = config.raw('ConsoleSize');
  if (size === undefined || version < SIZE_SINCE) return undefined;
  const [rows, columns] = Array.isArray(size) ? size : [];
  if (!isSize(rows) || !isSize(columns))
    throw config.refusal('ConsoleSize', 'it is to be the height and the width of a terminal, 0 to 65535');
  return rows === 0 || columns === 0 ? undefined : { rows, columns };
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= 65_535;
}
