import { decodePlan, type PlanRecord } from '../../runtime/record.ts';

const SECTIONS = ['general', 'setup', 'init', 'process', 'teardown'] as const;

/** The records of a plan by their sections (native/PLAN.md), in their order. */
export type PlanSections = Readonly<Record<(typeof SECTIONS)[number], readonly PlanRecord[]>>;

/** Reads the bytes of a plan. */
export function sectionsOf(plan: Uint8Array): PlanSections {
  const records = decodePlan(plan);
  const starts = SECTIONS.map((name) => (name === 'general' ? -1 : records.findIndex(([op]) => op === name)));
  const parts = SECTIONS.map((name, index) => {
    const part = records.slice((starts[index] ?? 0) + 1, starts[index + 1] ?? records.length);
    return [name, part] as const;
  });
  return Object.fromEntries(parts) as unknown as PlanSections;
}

/** The arguments of all records of an operation. */
export function argumentsOf(records: readonly PlanRecord[], op: string): (readonly string[])[] {
  return records.filter(([name]) => name === op).map(([, ...words]) => words);
}

/** The first argument of the first record of an operation. */
export function argumentOf(records: readonly PlanRecord[], op: string): string | undefined {
  return argumentsOf(records, op)[0]?.[0];
}
