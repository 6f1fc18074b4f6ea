import { excerpt, type FileText } from '../dockerfile/complaint.ts';
import type { Finding } from './findings.ts';

const RULER = '-'.repeat(20);

/** What `docker build --check` says of findings, each with the lines that are meant. */
export function formatFindings({ name, lines }: FileText, findings: readonly Finding[]): string {
  const count = findings.length;
  if (count === 0) return 'Check complete, no warnings found.\n';
  const summary = `Check complete, ${count === 1 ? '1 warning has' : `${count} warnings have`} been found!`;
  const shown = findings.map(({ rule, url, detail, lines: [first, last] }) => [
    '',
    `WARNING: ${rule} - ${url ?? 'a practice of skiff'}`,
    detail,
    `${name}:${first}`,
    RULER,
    ...excerpt(lines, first, last),
    RULER,
  ]);
  return `${[summary, ...shown.flat()].join('\n')}\n`;
}
