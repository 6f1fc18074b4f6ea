import { EngineError } from '../../errors.ts';
import type { Platform } from '../../oci/platform.ts';
import type { Dockerfile } from '../dockerfile/instruction.ts';
import type { BuildPlan } from './step.ts';

/** What decides which stages are built, and of what. */
export interface PlanOptions {
  /** A stage's name or number; absent: the last. */
  target?: string | undefined;
  buildArgs: Readonly<Record<string, string>>;
  /** Of the result. */
  platform: Platform;
  /** Of who builds. */
  buildPlatform: Platform;
  /** Names of contexts that the user gave; they stand in for images and stages of that name. */
  contexts: readonly string[];
  /** Reads `os/architecture[/variant]`, throws `invalid` (image/platform.ts; domains do not know each other). */
  parsePlatform: (text: string) => Platform;
}

/**
 * Finds the stages of a Dockerfile, what each is based on and needs, and which of them have to be built. Throws `invalid`
 * for names that are none, for circles, and for a file without a stage; `notFound` for a target that is no stage.
 */
export function planStages(dockerfile: Dockerfile, _options: PlanOptions): BuildPlan {
  throw new EngineError('unsupported', `${dockerfile.name} cannot be planned yet`);
}
