import type { Cause, Evidence } from '../../engine/reports/cause.ts';
import type { Explanation } from '../../engine/reports/why.ts';
import { ago, humanDuration } from '../../grammar/time-text.ts';
import { SIGKILL, signalName } from '../../runtime/monitor/signals.ts';
import { humanMemory } from '../text/units.ts';
import { visible } from '../text/visible.ts';
import { faultWords } from './faults.ts';
import { type Remarks, remarksOn } from './remarks.ts';

const SIGHUP = 1;
const SIGINT = 2;
/** An explanation as the terminal shows it: a sentence per line, then `hint: …` lines. Ends with a newline. */
export function renderExplanation({ name, cause, evidence }: Explanation): string {
  const { sentences, hints } = wordsFor(name, cause, evidence);
  const remarks = remarksOn(cause, evidence);
  const lines = [
    ...sentences,
    ...remarks.sentences,
    ...restartSentences(evidence),
    ...(evidence.removed === true ? ['It was removed with its end, as --rm says.'] : []),
    ...[...hints, ...remarks.hints].map((hint) => `hint: ${hint}`),
  ];
  return lines.map((line) => `${visible(line)}\n`).join('');
}

function restartSentences({ restart }: Evidence): string[] {
  if (restart === undefined) return [];
  const times = restart.count === 1 ? 'once' : `${restart.count} times`;
  return [`It is about to be started again, as its restart policy says: ${times} so far, this one included.`];
}

function wordsFor(name: string, cause: Cause, evidence: Evidence): Remarks {
  switch (cause.kind) {
    case 'created':
      return say(`${name} was created ${ago(evidence.createdAt)} and has never been started.`);
    case 'starting':
      return say(`${name} is being started.`);
    case 'running':
      return say(`${name} has been running for ${since(evidence.startedAt)}.`);
    case 'paused':
      return say(
        `${name} was started ${ago(evidence.startedAt ?? 0)} and is paused.`,
        `skiff unpause ${name} lets it go on`,
      );
    case 'notStarted':
      return notStarted(name, cause);
    case 'lost':
      return say(
        `${name} ran, and nobody saw it end: probably the machine was restarted or lost power. Its exit code is not known.`,
      );
    case 'memory':
      return memory(name, cause, evidence);
    case 'stopTimeout':
      return stopTimeout(name, evidence);
    case 'signal':
      return signal(name, cause, evidence);
    case 'shutdown':
      return shutdown(name, cause, evidence);
    case 'stopped':
      return say(
        `${name} ended ${ended(evidence)} with exit code ${cause.code}, after skiff had sent it ${signalName(cause.signal)}.`,
      );
    case 'exited':
      return exited(name, cause, evidence);
  }
}

function say(sentence: string, ...hints: string[]): Remarks {
  return { sentences: [sentence], hints };
}

function since(time = 0): string {
  return humanDuration(Date.now() - time).toLowerCase();
}

/** `2 minutes ago, after 3 seconds,` */
function ended({ startedAt = 0, finishedAt = 0 }: Evidence): string {
  return `${ago(finishedAt).toLowerCase()}, after ${humanDuration(finishedAt - startedAt).toLowerCase()},`;
}

function notStarted(name: string, { message, exitCode }: Extract<Cause, { kind: 'notStarted' }>): Remarks {
  const words = say(`${name} never started: ${message}.`);
  if (exitCode === 127)
    return { ...words, hints: ['the command must exist in the image, and so must its interpreter'] };
  if (exitCode === 126) return { ...words, hints: ['the command must be an executable for this machine'] };
  return words;
}

function memory(name: string, { certain }: Extract<Cause, { kind: 'memory' }>, evidence: Evidence): Remarks {
  const { memoryLimit, memoryPeak, oomKills, end } = evidence;
  const victim = certain ? name : `a process of ${name}`;
  const sentences = [`The kernel killed ${victim} for want of memory${times(oomKills)}.`];
  if (!certain)
    sentences.push(`Probably that is why it ended with exit code ${end?.code}, which speaks of SIGKILL.`);
  const peak = memoryPeak === undefined ? '' : `, and it had taken ${humanMemory(memoryPeak)}`;
  if (memoryLimit === undefined) {
    sentences.push(`It has no limit of its own${peak}: a cgroup above it, or the host, was out of memory.`);
    return { sentences, hints: ['see the limits of the cgroups above, and free on the host'] };
  }
  sentences.push(`Its limit is ${humanMemory(memoryLimit)}${peak}.`);
  return { sentences, hints: ['give it more with -m, or have it use less'] };
}

function times(count: number): string {
  return count > 1 ? ` (${count} processes altogether)` : '';
}

function stopTimeout(name: string, { stop, init, ignored }: Evidence): Remarks {
  const asked = signalName(stop.signal);
  const sentences = [
    `${name} was asked to stop, did not end in time and was killed (SIGKILL).`,
    init
      ? `Its command ignores ${asked}, or needs longer.`
      : ignored
        ? `It never saw ${asked}: PID 1 ignores every signal that it has no handler for, and it has none for this one.`
        : `It needs longer, or ignores ${asked}: PID 1 ignores every signal that it has no handler for.`,
  ];
  const cure = `run it with --init, so that ${asked} ends it even without a handler`;
  const hints = init
    ? ['give it more time (stop -t, --stop-timeout), or ask with another signal (--stop-signal)']
    : [ignored ? cure : `${cure}; or give it more time with --stop-timeout`];
  return { sentences, hints };
}

function signal(name: string, cause: Extract<Cause, { kind: 'signal' }>, evidence: Evidence): Remarks {
  const killer = signalName(cause.signal);
  switch (cause.from) {
    case 'skiff':
      return say(
        `${name} ended ${ended(evidence)} by ${killer}, which skiff had sent it (kill, stop or rm -f).`,
      );
    case 'fault': {
      const fault = faultWords(cause.signal);
      return say(`${name} ended ${ended(evidence)} by ${killer}: ${fault.meaning}.`, ...fault.hints);
    }
    case 'elsewhere':
      return cause.signal === SIGKILL
        ? say(
            `${name} was killed (SIGKILL) ${ended(evidence)} and not by skiff, nor for its own limit of memory: somebody on the host did, or the kernel because the host was out of memory.`,
            'dmesg shows what the kernel has killed',
          )
        : say(`${name} ended ${ended(evidence)} by ${killer}, which was not sent through skiff.`);
  }
}

function shutdown(
  name: string,
  { how, sent }: Extract<Cause, { kind: 'shutdown' }>,
  evidence: Evidence,
): Remarks {
  const after = sent === undefined ? '' : `, after skiff had sent it ${signalName(sent)}`;
  const done = how === 'halt' ? 'shut itself down' : 'restarted itself';
  const told = signalName(how === 'halt' ? SIGINT : SIGHUP);
  return say(
    `${name} ${done} ${ended(evidence)} with reboot(2)${after}. The kernel tells so by ${told}: nobody sent that.`,
    ...(how === 'halt' ? [] : ['skiff starts it again after that with a restart policy: --restart always']),
  );
}

function exited(
  name: string,
  { code, reported }: Extract<Cause, { kind: 'exited' }>,
  evidence: Evidence,
): Remarks {
  const words = say(`${name} ended by itself ${ended(evidence)} with exit code ${code}.`);
  if (code === 0) return words;
  if (reported !== undefined)
    words.sentences.push(
      `Probably one of its own processes ended by ${signalName(reported)}: that is what such a code says when it comes from a shell.`,
    );
  else if (code === 127 || code === 126)
    words.sentences.push(
      `Probably ${code === 127 ? 'a command in it was not found' : 'a command in it could not be executed'}: that is what such a code says when it comes from a shell.`,
    );
  if (evidence.removed !== true)
    words.hints.push(`what the code means is the command's to say: see skiff logs ${name}`);
  return words;
}
