import { heredocMarker } from '../dockerfile/heredocs.ts';
import type { Evaluation } from './evaluation.ts';
import { joinedPath } from './paths.ts';
import { remoteKind } from './remote.ts';
import type { CopyStep, Source } from './step.ts';
import { stepText } from './step-text.ts';

const SYMBOLIC = /^[ugoa]*([-+=]([rwxXst]*|[ugo]))+(,[ugoa]*([-+=]([rwxXst]*|[ugo]))+)*$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const COMMIT = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

/** COPY and ADD. `from` is what `--from` names, or the build's context. Throws `invalid`. */
export function copyStep(one: Evaluation, workingDirectory: string, from: Source): CopyStep {
  const { keyword } = one.instruction;
  const add = keyword === 'ADD';
  const { sources, documents, destination } = sourcesOf(one);
  const chown = expandedFlag(one, 'chown');
  const chmod = expandedFlag(one, 'chmod');
  if (chmod !== undefined) requireMode(one, chmod);
  const checksum = expandedFlag(one, 'checksum');
  if (checksum !== undefined) requireChecksum(one, checksum, sources);
  for (const source of sources) requireSource(one, source);
  const parents = one.isOn('parents');
  const words = [
    keyword,
    ...(parents ? ['--parents'] : []),
    ...(chown === undefined ? [] : [`--chown=${chown}`]),
    ...(chmod === undefined ? [] : [`--chmod=${chmod}`]),
    ...sources,
    ...documents.map(({ name }) => `<<${name}`),
    destination,
  ];
  return {
    kind: 'copy',
    instruction: one.instruction,
    text: stepText(one),
    createdBy: `${words.join(' ')} # buildkit`,
    add,
    from,
    sources,
    documents,
    destination: absolute(workingDirectory, destination, sources.length + documents.length > 1),
    chown,
    chmod,
    link: one.isOn('link'),
    parents,
    exclude: one.flags('exclude').map((pattern) => one.expand(pattern)),
    checksum,
    keepGitDirectory: one.isOn('keep-git-dir'),
    unpack: one.flag('unpack') === undefined ? undefined : one.isOn('unpack'),
    ifExists: one.isOn('if-exists'),
  };
}

function sourcesOf(one: Evaluation): Pick<CopyStep, 'sources' | 'documents' | 'destination'> {
  const { keyword, words, rest, heredocs } = one.instruction;
  const all = words ?? rest.split(/\s+/);
  const last = all.at(-1);
  if (last === undefined || all.length < 2)
    throw one.wrong(`${keyword} needs a source and a destination`, {
      hint: `${keyword} ${all[0] ?? 'SOURCE'} . copies to the working directory`,
    });
  if (words === undefined && heredocMarker(last) !== undefined)
    throw one.wrong(`a document cannot be the destination of ${keyword}`);
  const sources: string[] = [];
  const documents: { name: string; content: string }[] = [];
  for (const word of all.slice(0, -1)) {
    const name = words === undefined ? heredocMarker(word)?.name : undefined;
    // Of two documents of one name the last one counts, as with BuildKit.
    const document = name === undefined ? undefined : heredocs.findLast((each) => each.name === name);
    if (document === undefined) sources.push(one.expand(word));
    else documents.push({ name: document.name, content: contentOf(one, document) });
  }
  return { sources, documents, destination: one.expand(last) };
}

function contentOf(one: Evaluation, { content, expand }: { content: string; expand: boolean }): string {
  return expand ? one.expandDocument(content) : content;
}

function expandedFlag(one: Evaluation, name: string): string | undefined {
  const value = one.flag(name);
  return value === undefined || value === '' ? undefined : one.expand(value) || undefined;
}

function requireMode(one: Evaluation, mode: string): void {
  const isOctal = /^0?[0-7]{1,4}$/.test(mode);
  if (isOctal || SYMBOLIC.test(mode)) return;
  throw one.wrong(`--chmod of ${one.instruction.keyword} is no mode: "${mode}"`, {
    at: one.flagAt('chmod'),
    hint: 'an octal number up to 7777, such as 755, or symbols, such as u=rwX,go=rX',
  });
}

function requireChecksum(one: Evaluation, checksum: string, sources: readonly string[]): void {
  const at = one.flagAt('checksum');
  const [source] = sources;
  if (source === undefined || sources.length > 1)
    throw one.wrong('a checksum is one of a single source', { at });
  const kind = remoteKind(source);
  if (kind === undefined) throw one.wrong('a checksum is one of a URL or a git repository', { at });
  if (kind === 'url' && !DIGEST.test(checksum))
    throw one.wrong(`the checksum "${checksum}" is not sha256: and 64 hexadecimal digits`, { at });
  if (kind === 'git' && !COMMIT.test(checksum))
    throw one.wrong(`the checksum "${checksum}" is not the id of a commit`, { at });
}

function requireSource(one: Evaluation, source: string): void {
  const { keyword } = one.instruction;
  const kind = remoteKind(source);
  if (keyword === 'COPY' && kind !== undefined)
    throw one.wrong(`COPY takes no ${kind === 'git' ? 'git repository' : 'URL'}: ${source}`, {
      hint: 'ADD does',
    });
}

/** What is copied to is a directory when it ends with a slash or a dot, and when several things go there. */
function absolute(workingDirectory: string, destination: string, hasSeveral: boolean): string {
  const path = joinedPath(workingDirectory, destination);
  const isDirectory = hasSeveral || /(^|\/)\.?$/.test(destination);
  return isDirectory && path !== '/' ? `${path}/` : path;
}
