import { join } from 'node:path';
import type { CopyStep, RunMount } from '../../build/stages/step.ts';
import type { Digest } from '../../oci/digest.ts';
import { layersMount } from '../prepare/layers-mount.ts';
import type { Build } from './build.ts';
import { type CopyRequest, copySources, digestSources, type Selection } from './copy.ts';
import type { HeldMount } from './held-mount.ts';
import { directoriesOf, emptyDirectory, type SourceFiles, sourceFiles } from './sources.ts';

type Bind = RunMount & { type: 'bind' };

/** What of a bind mount decides what a step makes: what it shows. */
export async function bindPart(build: Build, mount: Bind): Promise<unknown> {
  const { type, source, target, writable } = mount;
  const files = await sourceFiles(build, mount.from);
  return { type, source, target, writable, content: await contentOf(build, files, source) };
}

/** The chainID of layers; of a directory the digest of what would be copied of it. */
export async function contentOf(build: Build, files: SourceFiles, source: string): Promise<unknown> {
  if (files.kind === 'layers') return files.layers.at(-1)?.chainID ?? 'scratch';
  const { selection } = await selectedOf(build, files, source);
  return selection.digest;
}

/** Mounts layers as they are, and of a directory a copy of what nothing ignores. What is written goes with the step. */
export async function bindMount(build: Build, mount: Bind): Promise<HeldMount> {
  const { source, target: destination, writable } = mount;
  const files = await sourceFiles(build, mount.from);
  const { lowers, content } = await shownOf(build, files, source);
  const shown = { lowers, beneath: source.replace(/^\/+|\/+$/g, '') || undefined, destination };
  return {
    content,
    mounts: (own, index) => [
      writable
        ? { ...shown, type: 'overlay', writes: own.overlay(index), readOnly: false }
        : layersMount(shown),
    ],
  };
}

/** The directories of what is mounted, topmost first: at least one. */
export async function lowersOf(build: Build, files: SourceFiles, source: string): Promise<string[]> {
  return (await shownOf(build, files, source)).lowers;
}

/** The same, and what is really in a copy: somebody may have changed the files since they were looked at. */
async function shownOf(
  build: Build,
  files: SourceFiles,
  source: string,
): Promise<{ lowers: string[]; content: Digest | undefined }> {
  if (files.kind === 'directory') {
    const { directory, digest } = await copied(build, files, source);
    return { lowers: [directory], content: digest };
  }
  await build.have(files.layers);
  const layers = directoriesOf(build.parts, files.layers);
  return { lowers: layers.length === 0 ? [emptyDirectory(build.parts)] : layers, content: undefined };
}

/** Copies what may be seen of a directory into one of this build's own, where it has the same path; its owner is root. */
async function copied(
  build: Build,
  files: SourceFiles & { kind: 'directory' },
  source: string,
): Promise<{ directory: string; digest: Digest }> {
  const { context, signal } = build.parts;
  const { request, selection } = await selectedOf(build, files, source);
  const upper = emptyDirectory(build.parts);
  const stage = { lowers: [], upper, scratch: build.directory() };
  const { digest } = await copySources(context, request, { selection, stage }, { signal });
  return { directory: upper, digest };
}

/** A mount shows what a COPY with `--parents` would copy to the root. */
async function selectedOf(
  build: Build,
  { name, path, ignore }: SourceFiles & { kind: 'directory' },
  source: string,
): Promise<{ request: CopyRequest; selection: Selection }> {
  const { context, signal, plan } = build.parts;
  const instruction = plan.stages[plan.target]?.from as CopyStep['instruction'];
  const inside = source.replace(/^\/+|\/+$/g, '');
  const step: CopyStep = {
    kind: 'copy',
    instruction,
    text: '',
    createdBy: '',
    add: false,
    from: { kind: 'context' },
    sources: [inside === '' ? '.' : inside],
    documents: [],
    destination: '/',
    chown: undefined,
    chmod: undefined,
    link: false,
    parents: inside !== '',
    exclude: [],
    checksum: undefined,
    keepGitDirectory: false,
    unpack: undefined,
    ifExists: false,
  };
  const request: CopyRequest = {
    step,
    source: { name, root: `dir:${path}`, ignore, keepsOwners: false },
    owner: undefined,
    time: build.fileTimes?.given,
    scratch: join(build.directory()),
  };
  return { request, selection: await digestSources(context, request, signal) };
}
