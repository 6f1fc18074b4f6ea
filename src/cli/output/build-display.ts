import { isAnimated } from '../text/terminal.ts';
import { jsonBuildProgress } from './build-json.ts';
import { plainBuildProgress, quietBuildProgress } from './build-progress.ts';
import { terminalBuildProgress } from './build-terminal.ts';
import { printError } from './print.ts';
import type { BuildDisplay } from './shown-build.ts';

/** `auto`: as a terminal wants it, where there is one. */
export type BuildDisplayKind = 'auto' | 'plain' | 'tty' | 'rawjson' | 'quiet';

/** Shows a build on standard error; whoever made it closes it. */
export function buildDisplay(kind: BuildDisplayKind): BuildDisplay {
  const animated = kind === 'tty' || (kind === 'auto' && isAnimated(process.stderr));
  if (animated) return terminalBuildProgress(process.stderr);
  if (kind === 'quiet') return quietBuildProgress();
  return kind === 'rawjson' ? jsonBuildProgress(printError) : plainBuildProgress();
}
