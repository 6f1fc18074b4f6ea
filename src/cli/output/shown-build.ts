import type { CheckedDockerfile } from '../../engine/build/checked.ts';
import type { BuildProgress } from '../../engine/build/progress.ts';

/** Shows a build; whoever made it closes it. */
export interface BuildDisplay extends BuildProgress {
  /** What there is to be said of the Dockerfile, behind all else. `debug`: at length. */
  findings(checked: CheckedDockerfile, form: { debug: boolean }): void;
  /** May be called again. */
  close(): void;
}
