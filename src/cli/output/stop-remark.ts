import type { StopResult } from '../../engine/lifecycle/stop.ts';
import { signalName } from '../../runtime/monitor/signals.ts';

/** Why a container had to be killed in the end, and the cure, in lines; undefined when it ended by itself. */
export function stopRemark(name: string, result: StopResult | undefined): string | undefined {
  if (result?.escalated !== true) return undefined;
  const signal = signalName(result.signal);
  const lines = result.ignored
    ? [
        `${name} was killed when its time was up: it ignores ${signal}, as process 1 of a container has to handle a signal to get it`,
        'hint: run it with --init, which passes signals on, or with a --stop-signal that it handles',
      ]
    : [
        `${name} was killed when its time was up: it had got ${signal} and was still running`,
        'hint: give it more time with -t, or with --stop-timeout when it is created',
      ];
  return lines.map((line) => `${line}\n`).join('');
}
