import type { Instruction } from '../../build/dockerfile/instruction.ts';
import type { BuildPlan, StagePlan } from '../../build/stages/step.ts';
import { formatPlatform, parsePlatform } from '../../image/platform.ts';
import type { Platform } from '../../oci/platform.ts';
import type { BuildOptions } from './options.ts';

/** Those that make files, or look whether there is something to be made. */
const MAKING = ['ADD', 'COPY', 'RUN', 'WORKDIR'];

/** What variables of a stage stand for. */
type Environment = ReadonlyMap<string, string>;

/**
 * What progress puts in front of the steps of a stage, as BuildKit numbers them: `[stage-1 2/4]`; when it is built for several
 * platforms with its own, and the other one that it has been told to make something for: `[linux/amd64->arm64 stage-1 2/4]`.
 */
export function labelsOf(
  { plan: all, options: { platforms = [] } }: { plan: BuildPlan; options: Pick<BuildOptions, 'platforms'> },
  plan: StagePlan,
  instructions: readonly Instruction[],
) {
  const name = plan.name ?? (all.stages.length > 1 ? `stage-${plan.index}` : '');
  const first = plan.base.kind === 'scratch' ? 0 : 1;
  const total = first + instructions.filter(({ keyword }) => MAKING.includes(keyword)).length;
  let done = first;
  const isOneOfSeveral = platforms.length > 1;
  const label = (number: number, environment: Environment) => {
    const platform = isOneOfSeveral ? platformLabel(platformOfStage(all, plan), environment) : '';
    const count = `${String(number).padStart(String(total).length)}/${total}`;
    return `[${[platform, name, count].filter(Boolean).join(' ')}]`;
  };
  return {
    from: () => label(1, new Map()),
    next: (environment: Environment) => {
      done += 1;
      return label(done, environment);
    },
  };
}

/** A stage on another one is for that one's platform, whatever its own FROM says. */
function platformOfStage(all: BuildPlan, { base, platform }: StagePlan): Platform {
  const below = base.kind === 'stage' ? all.stages[base.index] : undefined;
  return below === undefined ? (platform ?? all.scope.platform) : platformOfStage(all, below);
}

function platformLabel(own: Platform, environment: Environment): string {
  const text = formatPlatform(own);
  const target = targetIn(environment, own);
  if (target === undefined || (target.os === own.os && target.architecture === own.architecture)) return text;
  const other = formatPlatform(target);
  return `${text}->${target.os === own.os ? other.slice(`${own.os}/`.length) : other}`;
}

/** The platform that a stage has declared arguments of (`ARG TARGETARCH`); what they leave open is its own. */
function targetIn(environment: Environment, own: Platform): Platform | undefined {
  const whole = environment.get('TARGETPLATFORM');
  const [os, architecture, variant] = ['OS', 'ARCH', 'VARIANT'].map((part) =>
    environment.get(`TARGET${part}`),
  );
  if (whole === undefined && os === undefined && architecture === undefined) return undefined;
  try {
    const words = [os ?? own.os, architecture ?? own.architecture, ...(variant ? [variant] : [])];
    return parsePlatform(whole ?? words.join('/'));
  } catch {
    // It was given by hand, and is no platform.
    return undefined;
  }
}
