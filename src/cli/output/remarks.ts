import type { Cause, Evidence } from '../../engine/reports/cause.ts';
import { humanDuration } from '../../grammar/time-text.ts';
import { signalName } from '../../runtime/monitor/signals.ts';
import { humanMemory } from '../text/units.ts';

/** Sentences about what happened, and hints at what can be done about it. */
export interface Remarks {
  sentences: string[];
  hints: string[];
}

/** The part of a container's time from which waiting for CPU is worth a hint. */
const MUCH = 0.1;
/** The part of a container's limit of memory whose use is worth a remark. */
const NEARLY_ALL = 0.9;

/** Returns remarks on what else the kernel has counted, as far as the cause does not say it. */
export function remarksOn(cause: Cause, evidence: Evidence): Remarks {
  const remarks = [
    usage(evidence),
    ...memory(cause, evidence),
    throttling(evidence),
    forks(evidence),
    signals(cause, evidence),
  ];
  const said = remarks.filter((remark) => remark !== undefined);
  return {
    sentences: said.map(({ sentence }) => sentence),
    hints: said.flatMap(({ hint }) => (hint === undefined ? [] : [hint])),
  };
}

interface Remark {
  sentence: string;
  hint?: string | undefined;
}

function usage({ usage: now, memoryLimit, limits }: Evidence): Remark | undefined {
  if (now === undefined) return undefined;
  const ofMemory = limits.memory && memoryLimit ? ` of ${humanMemory(memoryLimit)}` : '';
  const ofPids = limits.pidsLimit !== undefined && limits.pidsLimit > 0 ? ` of ${limits.pidsLimit}` : '';
  return {
    sentence: `It uses ${humanMemory(now.memory)}${ofMemory} of memory and has ${now.pids}${ofPids} processes and threads.`,
  };
}

function memory(cause: Cause, { oomKills, memoryPeak, memoryLimit }: Evidence): Remark[] {
  if (cause.kind === 'memory') return [];
  if (oomKills > 0) {
    const count = oomKills === 1 ? 'one of its processes' : `${oomKills} of its processes`;
    const limit = memoryLimit === undefined ? '' : `; its limit is ${humanMemory(memoryLimit)}`;
    return [
      {
        sentence: `The kernel killed ${count} for want of memory${limit}.`,
        hint: 'give it more memory with -m, or have it use less',
      },
    ];
  }
  if (memoryPeak === undefined || memoryLimit === undefined || memoryPeak < NEARLY_ALL * memoryLimit)
    return [];
  return [
    {
      sentence: `At most it had ${humanMemory(memoryPeak)} of its ${humanMemory(memoryLimit)} of memory, files in the cache included.`,
    },
  ];
}

function throttling({ throttled, startedAt = 0, finishedAt = Date.now() }: Evidence): Remark | undefined {
  if (throttled === undefined) return undefined;
  const waited = throttled.microseconds / 1000;
  return {
    sentence: `Its CPU limit held it back in ${throttled.periods} periods, its threads waited for ${seconds(waited)} altogether.`,
    hint: waited > MUCH * (finishedAt - startedAt) ? 'give it more CPU with --cpus' : undefined,
  };
}

function seconds(ms: number): string {
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} seconds` : humanDuration(ms).toLowerCase();
}

function forks({ pidsRefused, limits }: Evidence): Remark | undefined {
  if (pidsRefused === 0) return undefined;
  const limit = limits.pidsLimit === undefined ? '' : ` (${limits.pidsLimit})`;
  const count = pidsRefused === 1 ? 'A new process was' : `${pidsRefused} new processes or threads were`;
  return {
    sentence: `${count} refused, as its limit${limit} was reached.`,
    hint: 'allow it more processes with --pids-limit',
  };
}

/** A signal that the cause does not speak of. */
function signals(cause: Cause, { sent, finishedAt }: Evidence): Remark | undefined {
  if (sent === undefined || (cause.kind !== 'exited' && cause.kind !== 'memory')) return undefined;
  const before = seconds(Math.max(0, (finishedAt ?? sent.at) - sent.at));
  return { sentence: `skiff had sent it ${signalName(sent.signal)}, ${before} before its end.` };
}
