import { existsSync, lstatSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { databaseFiles } from '../../host/database.ts';
import { namesIn } from '../../host/missing.ts';
import type { StorePaths } from '../../host/paths.ts';
import { containerPaths } from '../store/container-paths.ts';

/** What a part of a store is there for, as far as its place tells. */
export type PlaceKind =
  | 'layer'
  | 'copy'
  | 'blob'
  | 'container'
  | 'snapshots'
  | 'volume'
  | 'build-cache'
  | 'database'
  | 'events'
  | 'helper'
  | 'cache'
  | 'manifests'
  | 'temporary'
  | 'trash'
  | 'directory'
  | 'foreign';

/** A file, or a directory with all in it: but for `directory`, whose content has places of its own. */
export interface Place {
  kind: PlaceKind;
  path: string;
  /** Its name there: hex digits of a layer or blob, the container's id, the volume. */
  name: string;
}

/** Names every place in a store, each once: whatever lies below its root is in one of them (STORE.md, "On disk"). */
export function placesIn(paths: StorePaths): Place[] {
  return [place('directory', paths.root), ...namesIn(paths.root).flatMap((name) => inRoot(paths, name))];
}

function inRoot(paths: StorePaths, name: string): Place[] {
  const path = join(paths.root, name);
  switch (path) {
    case paths.layers:
      return divided(path, (entry) => [place(kindOfLayer(entry), join(path, entry))]);
    case dirname(paths.blobs):
      return divided(path, (algorithm) =>
        divided(join(path, algorithm), (entry) => [place('blob', join(path, algorithm, entry))]),
      );
    case paths.containers:
      return divided(path, (id) => ofContainer(paths, id));
    case paths.volumes:
      return divided(path, (entry) => [place('volume', join(path, entry))]);
    case paths.buildCaches:
      return divided(path, (entry) => [place('build-cache', join(path, entry))]);
    default:
      return [place(kindOfFile(paths, path), path)];
  }
}

function ofContainer(paths: StorePaths, id: string): Place[] {
  const { directory, snapshots } = containerPaths(paths, id);
  return [
    place('container', directory),
    ...(existsSync(snapshots) ? [{ kind: 'snapshots' as const, path: snapshots, name: id }] : []),
  ];
}

function divided(directory: string, parts: (name: string) => Place[]): Place[] {
  if (lstatSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true)
    return [place('foreign', directory)];
  return [place('directory', directory), ...namesIn(directory).flatMap(parts)];
}

const LAYER = /^[0-9a-f]{64}$/;
const COPY = /^[0-9a-f]{64}\.[0-9a-f]{8}$/;

function kindOfLayer(name: string): PlaceKind {
  if (LAYER.test(name)) return 'layer';
  return COPY.test(name) ? 'copy' : 'foreign';
}

function kindOfFile(paths: StorePaths, path: string): PlaceKind {
  const kinds: readonly [PlaceKind, readonly string[]][] = [
    ['database', databaseFiles(paths.database)],
    ['events', [paths.events, `${paths.events}.1`]],
    ['helper', [paths.helper]],
    ['cache', [paths.seccomp, paths.locks, paths.knownFiles, paths.idmappedMounts, paths.wholeTrees]],
    ['manifests', [paths.manifests]],
    ['temporary', [paths.tmp]],
    ['trash', [paths.trash]],
  ];
  return kinds.find(([, files]) => files.includes(path))?.[0] ?? 'foreign';
}

function place(kind: PlaceKind, path: string): Place {
  return { kind, path, name: basename(path) };
}
