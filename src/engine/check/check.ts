import type { Context } from '../store/context.ts';
import { damagedBlobs } from './blobs.ts';
import { type Fault, UNREADABLE } from './fault.ts';
import { abandonedThings, unnamedThings } from './garbage.ts';
import { imageFaults } from './images.ts';
import { indexFaults } from './indexes.ts';
import { rowFaults } from './rows.ts';

export interface CheckOptions {
  /** Read every blob; else their sizes are enough. */
  deep: boolean;
  repair: boolean;
}

export interface CheckedStore {
  /** Nothing is wrong, or nothing any more. */
  isTrue: boolean;
  faults: ReportedFault[];
}

export interface ReportedFault extends Omit<Fault, 'mend' | 'state'> {
  state: Fault['state'] | 'mended';
  /** Whether `repair` can do something about it. */
  canBeMended: boolean;
  /** Why it could not be mended. */
  reason?: string | undefined;
}

/**
 * Compares the rows of the store with its files. With `repair` everything is mended that can be without loss, and what was
 * is found out by looking again. Other commands may be at work meanwhile: rows and files are looked at in one transaction.
 */
export async function checkStore(context: Context, { deep, repair }: CheckOptions): Promise<CheckedStore> {
  const faults = await find(context, { deep });
  if (!repair) return report(faults.map((fault) => reported(fault, fault.state)));
  const reasons = new Map<Fault, string>();
  for (const fault of faults)
    await fault.mend?.().catch((error: Error) => void reasons.set(fault, error.message));
  const still = await find(context, { deep });
  const isStill = (fault: Fault) => still.some((each) => keyOf(each) === keyOf(fault));
  const before = new Set(faults.map(keyOf));
  return report([
    ...faults.map((fault) =>
      isStill(fault) ? reported(fault, fault.state, reasons.get(fault)) : reported(fault, 'mended'),
    ),
    ...still.filter((fault) => !before.has(keyOf(fault))).map((fault) => reported(fault, fault.state)),
  ]);
}

async function find(context: Context, { deep }: { deep: boolean }): Promise<Fault[]> {
  const { database } = context;
  const damage = database.damage();
  // What a damaged database says of files is nothing to go by.
  if (damage.length > 0)
    return damage.map((detail) => ({
      topic: 'database',
      name: context.paths.database,
      detail,
      state: 'wrong',
    }));
  const damaged = deep ? await damagedBlobs(context) : new Set<string>();
  const inStep = database.transaction(() => {
    const faults = [
      ...imageFaults(context, damaged),
      ...indexFaults(context, damaged),
      ...rowFaults(context),
    ];
    const isReadable = faults.every(({ detail }) => detail !== UNREADABLE);
    return isReadable ? [...faults, ...unnamedThings(context)] : faults;
  });
  return [...inStep, ...abandonedThings(context)];
}

function keyOf({ topic, name, detail }: Fault): string {
  return [topic, name, detail].join('\n');
}

function reported({ mend, ...fault }: Fault, state: ReportedFault['state'], reason?: string): ReportedFault {
  return { ...fault, state, canBeMended: mend !== undefined, reason };
}

function report(faults: ReportedFault[]): CheckedStore {
  return { isTrue: faults.every(({ state }) => state !== 'wrong'), faults };
}
