import type { Platform } from '../../oci/platform.ts';
import type { Dockerfile } from '../dockerfile/instruction.ts';
import { describedIn } from './described.ts';
import { type PlanOptions, planStages } from './plan-stages.ts';

/** A stage that can be asked for. */
export interface BuildTarget {
  /** In lower case; absent: it has none. */
  name: string | undefined;
  /** The stage that is built when nobody asks for one. */
  isDefault: boolean;
  /** What the comment right above says of it: `# NAME what it is`. */
  description: string | undefined;
  /** As FROM has it, with nothing expanded. */
  base: string;
  platform: Platform | undefined;
  /** The first and the last line of its FROM. */
  lines: readonly [number, number];
}

/** The stages of a Dockerfile, in its order. Throws as `planStages`. */
export function buildTargets(dockerfile: Dockerfile, options: PlanOptions): BuildTarget[] {
  const { stages } = planStages(dockerfile, { ...options, target: undefined });
  return stages.map(({ index, name, platform, from }) => ({
    name,
    isDefault: index === stages.length - 1,
    description: describedIn(from, name),
    base: from.rest.split(/\s+/)[0] ?? '',
    platform,
    lines: [from.start.line, from.endLine],
  }));
}
