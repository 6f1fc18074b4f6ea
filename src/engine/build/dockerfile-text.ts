import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
} from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { EngineError } from '../../errors.ts';

/** A Dockerfile's text, and what it is called in messages. */
export interface DockerfileText {
  name: string;
  text: string;
}

/** What a context directory says of itself. */
export interface ContextFiles {
  dockerfile: DockerfileText;
  /** The text of its ignore file, and what that is called; absent: everything may be copied. */
  ignore: DockerfileText | undefined;
}

/** How a Dockerfile is looked for when nobody names one: Docker's name, then Podman's. */
const USUAL = ['Dockerfile', 'Containerfile'];
const USUAL_IGNORE = ['.dockerignore', '.containerignore'];

/** The largest Dockerfile that is read, in bytes: many times what anybody writes. */
const LIMIT = 16 * 1024 * 1024;

/** As many as the kernel follows. */
const LINKS_MAX = 40;

/**
 * Reads the Dockerfile of a context that is the user's own directory. `file` is relative to the working directory, else to
 * the context. Throws `invalid` when it is not there, no file, or a link of the context that leads out of it: the files may
 * be somebody else's, and messages show what is read.
 */
export function readLocalContext(directory: string, file: string | undefined): ContextFiles {
  const path = file === undefined ? usual(directory) : named(directory, file);
  const dockerfile = {
    name: shownName(directory, path),
    text: readOf(directory, path, file ?? 'Dockerfile'),
  };
  return { dockerfile, ignore: ignoreBeside(directory, path) };
}

/** The ignore file of a context whose Dockerfile comes from elsewhere. */
export function readIgnore(directory: string): DockerfileText | undefined {
  return USUAL_IGNORE.map((name) => readIfThere(directory, join(directory, name), name)).find(
    (found) => found !== undefined,
  );
}

/** The same of a context that somebody else made: links lead nowhere out of it. */
export function readForeignIgnore(directory: string): DockerfileText | undefined {
  return firstWithin(directory, USUAL_IGNORE);
}

/**
 * Reads the Dockerfile of a context that somebody else made (an archive, a repository) and that nobody changes any more:
 * links lead nowhere out of it. Throws as {@link readLocalContext}.
 */
export function readForeignContext(directory: string, file: string | undefined): ContextFiles {
  const candidates = file === undefined ? USUAL : [file];
  for (const name of candidates) {
    const path = within(directory, name);
    if (path === undefined) continue;
    const dockerfile = { name, text: read(path, name) };
    return { dockerfile, ignore: firstWithin(directory, [`${name}.dockerignore`, ...USUAL_IGNORE]) };
  }
  throw missing(candidates[0] as string, 'the context');
}

function usual(directory: string): string {
  const found = USUAL.map((name) => join(directory, name)).find(exists);
  if (found === undefined) throw missing('Dockerfile', directory);
  return found;
}

function named(directory: string, file: string): string {
  const candidates = [resolve(file), resolve(directory, file)];
  const found = candidates.find(exists);
  if (found === undefined) throw missing(file, undefined);
  return found;
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function missing(file: string, where: string | undefined): EngineError {
  return new EngineError('invalid', `there is no ${file}${where === undefined ? '' : ` in ${where}`}`, {
    subject: file,
    hint: 'name the file with -f, or - to read it from standard input',
  });
}

function shownName(directory: string, path: string): string {
  const name = relative(directory, path);
  return leadsOut(name) ? basename(path) : name;
}

function ignoreBeside(directory: string, path: string): DockerfileText | undefined {
  const own = `${path}.dockerignore`;
  return readIfThere(directory, own, `${basename(path)}.dockerignore`) ?? readIgnore(directory);
}

function firstWithin(directory: string, names: readonly string[]): DockerfileText | undefined {
  for (const name of names) {
    const path = within(directory, name);
    if (path !== undefined) return { name, text: read(path, name) };
  }
  return undefined;
}

function readIfThere(directory: string, path: string, name: string): DockerfileText | undefined {
  return exists(path) ? { name, text: readOf(directory, path, name) } : undefined;
}

/** Reads a file of a context, or one that lies elsewhere by its name. */
function readOf(directory: string, path: string, name: string): string {
  requireWithin(directory, path, name);
  return read(path, name);
}

function requireWithin(directory: string, path: string, name: string): void {
  if (leadsOut(relative(resolve(directory), path))) return;
  const real = realPath(path, name);
  if (!leadsOut(relative(realpathSync(directory), real))) return;
  throw new EngineError('invalid', `${name} is a link that leads out of the context, to ${real}`, {
    subject: name,
    hint: 'put the file into the context; a Dockerfile that lies elsewhere is named with -f',
  });
}

function leadsOut(path: string): boolean {
  return /^\.\.(?:\/|$)/.test(path);
}

function realPath(path: string, name: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    throw unreadable(name, (cause as Error).message, cause);
  }
}

/** A pipe would keep whoever opens it waiting. */
function read(path: string, name: string): string {
  const descriptor = open(path, name);
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile()) throw unreadable(name, found.isDirectory() ? 'it is a directory' : 'it is no file');
    if (found.size > LIMIT) throw unreadable(name, `it is larger than ${LIMIT} bytes`);
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

function open(path: string, name: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw unreadable(name, (cause as Error).message, cause);
  }
}

function unreadable(name: string, why: string, cause?: unknown): EngineError {
  return new EngineError('invalid', `cannot read ${name}: ${why}`, { subject: name, cause });
}

/** The path without links of what `name` is below a root that is as good as `/`; undefined when it is not there. */
export function within(root: string, name: string): string | undefined {
  let pending = name.split('/');
  let path = root;
  for (let links = 0; pending.length > 0; ) {
    const part = pending.shift() as string;
    if (part === '' || part === '.') continue;
    if (part === '..') {
      path = path === root ? root : dirname(path);
      continue;
    }
    const next = join(path, part);
    const found = lstatSync(next, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    if (!found.isSymbolicLink()) {
      path = next;
      continue;
    }
    links += 1;
    if (links > LINKS_MAX) return undefined;
    const target = readlinkSync(next);
    if (target.startsWith('/')) path = root;
    pending = [...target.split('/'), ...pending];
  }
  return path;
}
