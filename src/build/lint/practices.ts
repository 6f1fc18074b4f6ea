import type { Instruction } from '../dockerfile/instruction.ts';
import { joinedPath } from '../stages/paths.ts';
import { mountFields } from '../stages/run-mounts.ts';
import type { BuildPlan, StagePlan } from '../stages/step.ts';
import type { Findings } from './findings.ts';
import { PRACTICES } from './rules.ts';

/** A package manager of a system: how it installs, and what it leaves behind. */
interface PackageManager {
  install: RegExp;
  /** Fetches the lists; absent: installing does. */
  update?: RegExp;
  /** What is left, unless the command has this. */
  left: string;
  unless: RegExp;
  how: string;
  /** Directories for which a cache mount does as well. */
  caches: readonly string[];
}

const PACKAGE_MANAGERS: readonly PackageManager[] = [
  {
    install: /\bapt(-get)?\s+(-\S+\s+)*install\b/,
    update: /\bapt(-get)?\s+(-\S+\s+)*update\b/,
    left: '/var/lib/apt/lists',
    unless: /\brm\s+-\w*r\w*\s+[^;&|]*\/var\/lib\/apt\/lists\b/,
    how: 'rm -rf /var/lib/apt/lists/* in the same RUN, or a cache mount there',
    caches: ['/var/lib/apt', '/var/lib/apt/lists'],
  },
  {
    install: /\bapk\s+(-\S+\s+)*add\b/,
    left: '/var/cache/apk',
    unless: /--no-cache\b|\brm\s+-\w*r\w*\s+[^;&|]*\/var\/cache\/apk\b/,
    how: 'apk add --no-cache, or a cache mount there',
    caches: ['/var/cache/apk', '/etc/apk/cache'],
  },
  {
    install: /\b(micro)?dnf\s+(-\S+\s+)*install\b/,
    left: '/var/cache/dnf',
    unless: /\bdnf\s+(-\S+\s+)*clean\s+all\b|\brm\s+-\w*r\w*\s+[^;&|]*\/var\/cache\b/,
    how: 'dnf clean all in the same RUN, or a cache mount there',
    caches: ['/var/cache', '/var/cache/dnf', '/var/cache/libdnf5'],
  },
  {
    install: /\byum\s+(-\S+\s+)*install\b/,
    left: '/var/cache/yum',
    unless: /\byum\s+(-\S+\s+)*clean\s+all\b|\brm\s+-\w*r\w*\s+[^;&|]*\/var\/cache\b/,
    how: 'yum clean all in the same RUN, or a cache mount there',
    caches: ['/var/cache', '/var/cache/yum'],
  },
];

/** How dependencies of a program are installed, and from which files. */
const DEPENDENCIES: readonly { command: RegExp; files: string }[] = [
  { command: /\bnpm\s+(ci|install|i)(?=\s*($|[;&|\n]))/, files: 'package.json and package-lock.json' },
  { command: /\byarn(\s+install)?(?=\s*($|[;&|\n]|--))/, files: 'package.json and yarn.lock' },
  { command: /\bpnpm\s+(install|i)\b/, files: 'package.json and pnpm-lock.yaml' },
  { command: /\bpip3?\s+install\s[^;&|]*(-r|--requirement)\b/, files: 'requirements.txt' },
  { command: /\bpoetry\s+install\b/, files: 'pyproject.toml and poetry.lock' },
  { command: /\bgo\s+mod\s+download\b/, files: 'go.mod and go.sum' },
  { command: /\bbundle\s+install\b/, files: 'Gemfile and Gemfile.lock' },
  { command: /\bcomposer\s+install\b/, files: 'composer.json and composer.lock' },
  { command: /\bcargo\s+fetch\b/, files: 'Cargo.toml and Cargo.lock' },
];

/** Practices that BuildKit has no check for. They look at what a command seems to do. */
export function checkPractices(findings: Findings, { stages }: BuildPlan): void {
  for (const stage of stages) {
    checkOrder(findings, stage);
    for (const instruction of stage.instructions) {
      if (instruction.keyword !== 'RUN') continue;
      checkPackages(findings, instruction);
      checkConcerns(findings, instruction);
    }
  }
}

/** As much of a command as is looked at, in characters: the time for the expressions above is the square of it. */
const LOOKED_AT = 10_000;

function commandOf({ words, rest, heredocs }: Instruction): string {
  const command = words?.join(' ') ?? [rest, ...heredocs.map(({ content }) => content)].join('\n');
  return command.slice(0, LOOKED_AT);
}

function checkPackages(findings: Findings, instruction: Instruction): void {
  const command = commandOf(instruction);
  const cached = instruction.flags.flatMap(({ name, value = '' }) =>
    name === 'mount'
      ? mountFields(value).flatMap(([key, path]) => (key === 'target' ? (path ?? []) : []))
      : [],
  );
  for (const { install, update, left, unless, how, caches } of PACKAGE_MANAGERS) {
    const isInstalling = install.test(command);
    const isCached = cached.some((path) => caches.includes(joinedPath('/', path)));
    if (isInstalling && !unless.test(command) && !isCached)
      findings.add(PRACTICES.packageListsLeft, instruction, [left, how]);
    const updating = update?.exec(command)?.[0];
    if (updating !== undefined && !isInstalling && !isCached)
      findings.add(PRACTICES.packageListsStale, instruction, [updating]);
  }
}

/** All of the context is copied, and only then are dependencies installed, for the first time. */
function checkOrder(findings: Findings, { instructions }: StagePlan): void {
  const whole = instructions.findIndex(copiesContext);
  if (whole < 0) return;
  for (const { command, files } of DEPENDENCIES) {
    const runs = instructions.filter(({ keyword }) => keyword === 'RUN');
    const first = runs.find((instruction) => command.test(commandOf(instruction)));
    if (first === undefined || instructions.indexOf(first) < whole) continue;
    const found = command.exec(commandOf(first))?.[0] ?? '';
    findings.add(PRACTICES.dependenciesAfterSources, first, [found.trim(), files]);
  }
}

function copiesContext({ keyword, flags, rest, words }: Instruction): boolean {
  if (keyword !== 'COPY' && keyword !== 'ADD') return false;
  if (flags.some(({ name }) => name === 'from')) return false;
  const sources = (words ?? rest.split(/\s+/)).slice(0, -1);
  return sources.some((source) => /^\.?\/?(\*\*?)?$/.test(source));
}

/** Packages of the system and dependencies of a program change for different reasons. */
function checkConcerns(findings: Findings, instruction: Instruction): void {
  const command = commandOf(instruction);
  const system = PACKAGE_MANAGERS.map(({ install }) => install.exec(command)?.[0]);
  const program = DEPENDENCIES.map((each) => each.command.exec(command)?.[0]);
  const [packages] = system.filter((each) => each !== undefined);
  const [dependencies] = program.filter((each) => each !== undefined);
  if (packages === undefined || dependencies === undefined) return;
  findings.add(PRACTICES.severalConcerns, instruction, [`"${packages}" and "${dependencies.trim()}"`]);
}
