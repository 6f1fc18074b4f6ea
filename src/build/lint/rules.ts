/** A rule, and what it says of a place that breaks it. */
export interface Rule<Words extends readonly string[] = readonly string[]> {
  name: string;
  description: string;
  /** Where BuildKit explains it; absent: it is a practice of our own. */
  url: string | undefined;
  /** Looked for only when a file asks for it. */
  experimental?: boolean;
  detail: (...words: Words) => string;
}

const EXPLAINED = 'https://docs.docker.com/go/dockerfile/rule';

function rule<Words extends readonly string[]>(
  name: string,
  description: string,
  detail: (...words: Words) => string,
): Rule<Words> {
  const page = name.replace(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '-').toLowerCase();
  return { name, description, url: `${EXPLAINED}/${page}/`, detail };
}

function practice<Words extends readonly string[]>(
  name: string,
  description: string,
  detail: (...words: Words) => string,
): Rule<Words> {
  return { name, description, url: undefined, detail };
}

/** BuildKit's build checks, in its words. */
export const RULES = {
  stageNameCasing: rule(
    'StageNameCasing',
    'Stage names should be lowercase',
    (name: string) => `Stage name '${name}' should be lowercase`,
  ),
  fromAsCasing: rule(
    'FromAsCasing',
    "The 'as' keyword should match the case of the 'from' keyword",
    (from: string, as: string) => `'${as}' and '${from}' keywords' casing do not match`,
  ),
  noEmptyContinuation: rule(
    'NoEmptyContinuation',
    'Empty continuation lines will become errors in a future release',
    () => 'Empty continuation line',
  ),
  consistentInstructionCasing: rule(
    'ConsistentInstructionCasing',
    'All commands within the Dockerfile should use the same casing (either upper or lower)',
    (word: string, casing: string) =>
      `Command '${word}' should match the case of the command majority (${casing})`,
  ),
  duplicateStageName: rule(
    'DuplicateStageName',
    'Stage names should be unique',
    (name: string) => `Duplicate stage name "${name}", stage names should be unique`,
  ),
  reservedStageName: rule(
    'ReservedStageName',
    'Reserved words should not be used as stage names',
    (name: string) => `Stage name should not use the same name as reserved stage "${name}"`,
  ),
  jsonArgsRecommended: rule(
    'JSONArgsRecommended',
    'JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals',
    (keyword: string) =>
      `JSON arguments recommended for ${keyword} to prevent unintended behavior related to OS signals`,
  ),
  maintainerDeprecated: rule(
    'MaintainerDeprecated',
    'The MAINTAINER instruction is deprecated, use a label instead to define an image author',
    () => 'Maintainer instruction is deprecated in favor of using label',
  ),
  undefinedArgInFrom: rule(
    'UndefinedArgInFrom',
    'FROM command must use declared ARGs',
    (name: string, near = '') => `FROM argument '${name}' is not declared${meant(near)}`,
  ),
  workdirRelativePath: rule(
    'WorkdirRelativePath',
    'Relative workdir without an absolute workdir declared within the build can have unexpected results if the base image changes',
    (path: string) => `Relative workdir "${path}" can have unexpected results if the base image changes`,
  ),
  undefinedVar: rule(
    'UndefinedVar',
    'Variables should be defined before their use',
    (name: string, near = '') =>
      `Usage of undefined variable '$${name}'${meant(near === '' ? '' : `$${near}`)}`,
  ),
  multipleInstructionsDisallowed: rule(
    'MultipleInstructionsDisallowed',
    'Multiple instructions of the same type should not be used in the same stage',
    (keyword: string) =>
      `Multiple ${keyword} instructions should not be used in the same stage because only the last one will be used`,
  ),
  legacyKeyValueFormat: rule(
    'LegacyKeyValueFormat',
    'Legacy key/value format with whitespace separator should not be used',
    (keyword: string) =>
      `"${keyword} key=value" should be used instead of legacy "${keyword} key value" format`,
  ),
  invalidBaseImagePlatform: rule(
    'InvalidBaseImagePlatform',
    'Base image platform does not match expected target platform',
    (image: string, actual: string, expected: string) =>
      `Base image ${image} was pulled with platform "${actual}", expected "${expected}" for current build`,
  ),
  redundantTargetPlatform: rule(
    'RedundantTargetPlatform',
    'Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior',
    (variable: string) =>
      `Setting platform to predefined ${variable} in FROM is redundant as this is the default behavior`,
  ),
  secretsUsedInArgOrEnv: rule(
    'SecretsUsedInArgOrEnv',
    'Sensitive data should not be used in the ARG or ENV commands',
    (keyword: string, name: string) =>
      `Do not use ARG or ENV instructions for sensitive data (${keyword} "${name}")`,
  ),
  invalidDefaultArgInFrom: rule(
    'InvalidDefaultArgInFrom',
    'Default value for global ARG results in an empty or invalid base image name',
    (base: string) => `Default value for ARG ${base} results in empty or invalid base image name`,
  ),
  fromPlatformFlagConstDisallowed: rule(
    'FromPlatformFlagConstDisallowed',
    'FROM --platform flag should not use a constant value',
    (platform: string) => `FROM --platform flag should not use constant value "${platform}"`,
  ),
  copyIgnoredFile: {
    ...rule(
      'CopyIgnoredFile',
      'Attempting to Copy file that is excluded by .dockerignore',
      (verb: string, path: string) =>
        `Attempting to ${verb} file "${path}" that is excluded by .dockerignore`,
    ),
    experimental: true,
  },
  invalidDefinitionDescription: {
    ...rule(
      'InvalidDefinitionDescription',
      'Comment for build stage or argument should follow the format: `# <arg/stage name> <description>`. If this is not intended to be a description comment, add an empty line or comment between the instruction and the comment.',
      (keyword: string, name: string) =>
        `Comment for ${keyword} should follow the format: \`# ${name} <description>\``,
    ),
    experimental: true,
  },
  exposeProtoCasing: rule(
    'ExposeProtoCasing',
    'Protocol in EXPOSE instruction should be lowercase',
    (port: string) => `Defined protocol '${port}' in EXPOSE instruction should be lowercase`,
  ),
  exposeInvalidFormat: rule(
    'ExposeInvalidFormat',
    'IP address and host-port mapping should not be used in EXPOSE instruction. This will become an error in a future release',
    (word: string) =>
      `EXPOSE instruction should not define an IP address or host-port mapping, found '${word}'`,
  ),
} as const;

/** Practices that BuildKit has no check for. */
export const PRACTICES = {
  packageListsLeft: practice(
    'PackageListsLeft',
    'What a package manager has downloaded should not stay in the layer',
    (what: string, how: string) => `${what} stays in the layer: ${how}`,
  ),
  packageListsStale: practice(
    'PackageListsStale',
    'Package lists should be fetched by the RUN that installs',
    (command: string) =>
      `"${command}" in a RUN of its own is cached: a later install finds packages that are gone`,
  ),
  dependenciesAfterSources: practice(
    'DependenciesAfterSources',
    'Dependencies should be installed before the sources are copied',
    (command: string, files: string) =>
      `"${command}" runs again whenever any file has changed: copy ${files} first, and the rest after it`,
  ),
  severalConcerns: practice(
    'SeveralConcerns',
    'A RUN should have one concern, so that a change of one does not repeat the others',
    (concerns: string) => `This RUN has several concerns: ${concerns}`,
  ),
} as const;

function meant(word: string): string {
  return word === '' ? '' : ` (did you mean ${word}?)`;
}
