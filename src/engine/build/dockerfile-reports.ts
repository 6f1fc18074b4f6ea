import type { BuildOutline, OutlinedFile } from '../../build/stages/outline.ts';
import type { BuildTarget } from '../../build/stages/targets.ts';
import type { EngineError } from '../../errors.ts';
import { formatPlatform } from '../../image/platform.ts';
import type { CheckedDockerfile, DockerfileSource } from './checked.ts';

/** What `docker build --call=check,format=json` says of a Dockerfile (buildkit, frontend/subrequests/lint). */
export function checkReport({ file, findings, error }: CheckedDockerfile): object {
  const { name: filename } = file;
  const warnings = findings.map(({ rule, description, url, detail, lines }) => ({
    ruleName: rule,
    description,
    url,
    detail,
    location: locationOf(lines),
  }));
  const sources = [{ filename, data: base64(file), language: 'Dockerfile' }];
  return { warnings, sources, buildError: error && buildErrorOf(error) };
}

/** Clients show the lines that an error is about. */
function buildErrorOf({ message }: EngineError): object {
  const [first = ''] = message.split('\n');
  const line = Number(/:(\d+):\d+: /.exec(first)?.[1] ?? 1);
  return { message: first, location: locationOf([line, line]) };
}

/** What `--call=targets,format=json` says (buildkit, frontend/subrequests/targets). */
export function targetsReport(file: DockerfileSource, targets: readonly BuildTarget[]): object {
  const all = targets.map(({ name, isDefault, description, base, platform, lines }) => ({
    name,
    default: isDefault || undefined,
    description,
    base,
    platform: platform && formatPlatform(platform),
    location: locationOf(lines),
  }));
  return { targets: all, sources: [base64(file)] };
}

/** What `--call=outline,format=json` says (buildkit, frontend/subrequests/outline): what is empty is left out. */
export function outlineReport(file: DockerfileSource, outline: BuildOutline): object {
  const { name, description, arguments: args, secrets, agents, caches } = outline;
  const files = (all: readonly OutlinedFile[]) =>
    all.map(({ id, required, lines }) => ({
      name: id,
      required: required || undefined,
      location: locationOf(lines),
    }));
  const data = {
    name,
    description,
    args: args.map(({ lines, name: called, description: what, value }) => ({
      name: called,
      description: what,
      value: value || undefined,
      location: locationOf(lines),
    })),
    secrets: files(secrets),
    ssh: files(agents),
    cache: caches.map(({ id, lines }) => ({ ID: id, location: locationOf(lines) })),
    sources: [base64(file)],
  };
  const present = Object.entries(data).filter(([, value]) => !Array.isArray(value) || value.length > 0);
  return Object.fromEntries(present);
}

/** Where something stands, as BuildKit writes it. */
function locationOf([first, last]: readonly [number, number]): object {
  return { ranges: [{ start: { line: first }, end: { line: last } }] };
}

function base64({ text }: DockerfileSource): string {
  return Buffer.from(text).toString('base64');
}
