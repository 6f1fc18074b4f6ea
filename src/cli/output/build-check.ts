import { excerpt } from '../../build/dockerfile/complaint.ts';
import type { Finding } from '../../build/lint/findings.ts';
import { formatFindings } from '../../build/lint/format-findings.ts';
import type { BuildTarget } from '../../build/stages/targets.ts';
import type { CheckedDockerfile, DockerfileSource } from '../../engine/build/checked.ts';
import { checkReport, targetsReport } from '../../engine/build/dockerfile-reports.ts';
import { visible, visibleJson } from '../text/visible.ts';

/** What `--check` prints; nothing of a file that is wrong, and of which nothing else is to be said. */
export function renderCheck({ file, findings, error }: CheckedDockerfile): string {
  if (error !== undefined && findings.length === 0) return '';
  return visible(formatFindings(file, findings), { lines: true });
}

/** The same with the names that `docker build --call=check,format=json` gives to it. */
export function checkJson(checked: CheckedDockerfile): string {
  return json(checkReport(checked));
}

/** The stages that can be asked for, as `docker build --call=targets` lists them. */
export function renderTargets(targets: readonly BuildTarget[]): string {
  const rows = targets.map(({ name = '', isDefault, description = '' }) => [
    [name, ...(isDefault ? ['(default)'] : [])].filter(Boolean).join(' '),
    description,
  ]);
  const all = [['TARGET', 'DESCRIPTION'], ...rows].map((row) => row.map((cell) => visible(cell)));
  const width = Math.max(...all.map(([name = '']) => name.length)) + 1;
  return all
    .map(([name = '', description = '']) => `${name.padEnd(width)}${description}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('');
}

/** The same with the names of `--call=targets,format=json`. */
export function targetsJson(file: DockerfileSource, targets: readonly BuildTarget[]): string {
  return json(targetsReport(file, targets));
}

/**
 * What is said of a Dockerfile behind its build: the findings of BuildKit's rules, each in one line; `debug`: with what the rule
 * wants, where it is explained, and the lines that are meant.
 */
export function renderWarnings({ file, findings }: CheckedDockerfile, { debug }: { debug: boolean }): string {
  const warnings = findings.filter(({ url }) => url !== undefined);
  if (warnings.length === 0) return '';
  const count = warnings.length === 1 ? '1 warning' : `${warnings.length} warnings`;
  const title = ` ${count} found${debug ? '' : ' (use --debug to expand)'}:`;
  const shown = warnings.flatMap((each) => [shortOf(each), ...(debug ? detailsOf(file, each) : [])]);
  return visible(`\n${[title, ...shown].join('\n')}\n`, { lines: true });
}

function shortOf({ rule, detail, lines: [first] }: Finding): string {
  return ` - ${rule}: ${detail} (line ${first})`;
}

const RULER = '-'.repeat(20);

function detailsOf(
  { name, lines }: DockerfileSource,
  { description, url, lines: [first, last] }: Finding,
): string[] {
  const place = [`${name}:${first}`, RULER, ...excerpt(lines, first, last), RULER];
  return [description, `More info: ${url}`, ...place, ''];
}

function json(value: unknown): string {
  return `${visibleJson(value, { indent: 2 })}\n`;
}
