import type { Platform } from '../../oci/platform.ts';

/** Arguments that RUN sees without an ARG, in upper case or lower, when they are given. */
const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'];

/** Those that tell the builder something, or scanners after it: they reach no RUN. */
const OF_THE_BUILDER = /^BUILDKIT_/;
const NOT_IN_THE_ENVIRONMENT = ['BUILDKIT_SBOM_SCAN_CONTEXT', 'BUILDKIT_SBOM_SCAN_STAGE'];

/** What the platform arguments are made of. */
export interface PredefinedOptions {
  platform: Platform;
  buildPlatform: Platform;
  /** The name of the stage that becomes the result, when it has one. */
  target: string | undefined;
  buildArgs: Readonly<Record<string, string>>;
}

/**
 * The arguments that are there before any ARG: TARGETPLATFORM and BUILDPLATFORM with their parts, and TARGETSTAGE. In a
 * stage they are seen once an ARG without a value names them. One that was given has the value that was given.
 */
export function predefinedArguments(options: PredefinedOptions): Map<string, string> {
  const { buildArgs, target } = options;
  const values = new Map([
    ...ofPlatform('BUILD', options.buildPlatform),
    ...ofPlatform('TARGET', options.platform),
    ['TARGETSTAGE', target ?? 'default'],
  ] as [string, string][]);
  for (const name of values.keys()) {
    if (Object.hasOwn(buildArgs, name)) values.set(name, buildArgs[name] as string);
  }
  return values;
}

function ofPlatform(prefix: string, { os, architecture, variant = '' }: Platform): [string, string][] {
  return [
    [`${prefix}PLATFORM`, [os, architecture, ...(variant === '' ? [] : [variant])].join('/')],
    [`${prefix}OS`, os],
    [`${prefix}OSVERSION`, ''],
    [`${prefix}ARCH`, architecture],
    [`${prefix}VARIANT`, variant],
  ];
}

/** Whether an argument means something although no ARG declares it. */
export function isPredefined(name: string, known: ReadonlyMap<string, string>): boolean {
  return known.has(name) || isProxy(name) || OF_THE_BUILDER.test(name) || name === 'SOURCE_DATE_EPOCH';
}

/** Whether an ARG of that name stays out of what RUN sees, and of what variables stand for. */
export function isOutsideOfEnvironment(name: string): boolean {
  return NOT_IN_THE_ENVIRONMENT.includes(name);
}

function isProxy(name: string): boolean {
  return PROXIES.includes(name.toUpperCase());
}

/** What RUN sees of the proxies that were given, as `NAME=value`: each under both spellings, unless it has it already. */
export function proxyVariables(
  buildArgs: Readonly<Record<string, string>>,
  environment: ReadonlyMap<string, string>,
): string[] {
  return PROXIES.flatMap((upper) => {
    const lower = upper.toLowerCase();
    const given = Object.keys(buildArgs)
      .filter((name) => name.toUpperCase() === upper)
      .sort();
    const name = given.at(-1);
    if (name === undefined) return [];
    return [upper, lower]
      .filter((each) => !environment.has(each))
      .map((each) => `${each}=${buildArgs[each] ?? buildArgs[name]}`);
  });
}
