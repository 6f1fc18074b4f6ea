import { THIS_HOST } from '../../host/probe.ts';
import type { Context } from '../store/context.ts';
import type { Finding } from './finding.ts';
import { firewallFindings } from './firewall.ts';
import { networkLeftovers } from './gone-stores.ts';
import { examineHost } from './host.ts';
import type { Leftover } from './leftover.ts';
import { clearLeftovers, findLeftovers } from './leftovers.ts';
import { tryContainer } from './trial.ts';

export type { Finding } from './finding.ts';

/** The result of `doctor`. */
export interface Diagnosis {
  /** A container was run just now, and this store can be opened. */
  works: boolean;
  findings: Finding[];
  leftovers: ReportedLeftover[];
}

/** A leftover of a crash; `left` says what became of it. */
export interface ReportedLeftover {
  kind: Leftover['kind'];
  name: string;
  detail: string;
  left: 'there' | 'cleaned' | 'kept';
  /** Why it was kept: it may be somebody else's, or the kernel refused. */
  reason?: string | undefined;
}

/**
 * Looks at the host, runs a container for a trial and lists what crashes have left; with `fix` cleans what is this
 * store's for certain and belongs to nobody alive. What cannot be looked at is itself a finding: nothing is thrown.
 */
export async function diagnose(context: Context, { fix }: { fix: boolean }): Promise<Diagnosis> {
  // First of all: it makes the store, or says what is wrong with it.
  const store = await examineStore(context, { fix });
  const findings = await examineHost(context, THIS_HOST);
  const trial = await tryContainer(context);
  return {
    works: trial.state === 'ok' && store.findings.length === 0,
    findings: [trial, ...store.findings, ...findings, ...(await firewallFindings(context))],
    leftovers: store.leftovers,
  };
}

/** A store that cannot be opened cannot be examined. */
async function examineStore(
  context: Context,
  { fix }: { fix: boolean },
): Promise<{ findings: Finding[]; leftovers: ReportedLeftover[] }> {
  try {
    const leftovers = [...findLeftovers(context, THIS_HOST), ...(await networkLeftovers(context))];
    return { findings: [], leftovers: fix ? await clearLeftovers(leftovers) : leftovers.map(report) };
  } catch (error) {
    const { message, hint } = error as Error & { hint?: string };
    const finding: Finding = {
      topic: 'store',
      name: 'records',
      state: 'missing',
      detail: message,
      cost: 'what crashes have left cannot be told',
      remedy: hint,
    };
    return { findings: [finding], leftovers: [] };
  }
}

function report({ kind, name, detail, foreign }: Leftover): ReportedLeftover {
  return { kind, name, detail, left: foreign === undefined ? 'there' : 'kept', reason: foreign };
}
