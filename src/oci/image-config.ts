import { EngineError } from '../errors.ts';
import { type Digest, parseDigest } from './digest.ts';
import {
  asBoolean,
  asInteger,
  asList,
  asMap,
  asObject,
  asString,
  type JsonObject,
  optional,
  parseJson,
  shown,
} from './json.ts';
import type { Manifest } from './manifest.ts';

/** The largest image configuration that is read, in bytes: what other engines accept. */
export const CONFIG_LIMIT = 8 * 1024 * 1024;

/** How an image wants to be probed (Docker's extension of the OCI config). Durations are in nanoseconds; 0 and less say nothing. */
export interface Healthcheck {
  Test?: string[] | undefined;
  Interval?: number | undefined;
  Timeout?: number | undefined;
  StartPeriod?: number | undefined;
  StartInterval?: number | undefined;
  Retries?: number | undefined;
}

/** The defaults for containers made from the image (OCI image spec, config.md, `config`), with Docker's additions. */
export interface ExecutionConfig {
  User?: string | undefined;
  ExposedPorts?: Record<string, object> | undefined;
  Env?: string[] | undefined;
  Entrypoint?: string[] | undefined;
  Cmd?: string[] | undefined;
  Volumes?: Record<string, object> | undefined;
  WorkingDir?: string | undefined;
  Labels?: Record<string, string> | undefined;
  StopSignal?: string | undefined;
  Shell?: string[] | undefined;
  Healthcheck?: Healthcheck | undefined;
  ArgsEscaped?: boolean | undefined;
  OnBuild?: string[] | undefined;
}

/** A step of how the image came to be; `empty_layer` steps have no layer. */
export interface HistoryEntry {
  created?: string | undefined;
  created_by?: string | undefined;
  author?: string | undefined;
  comment?: string | undefined;
  empty_layer?: boolean | undefined;
}

/** An image's configuration (OCI image spec, config.md), under the names that the file uses. */
export interface ImageConfig {
  created?: string | undefined;
  author?: string | undefined;
  /** Empty when the image does not say, as `os`. */
  architecture: string;
  os: string;
  variant?: string | undefined;
  config: ExecutionConfig;
  /** Digests of the uncompressed layers, bottom first. */
  rootfs: { type: 'layers'; diff_ids: Digest[] };
  history: HistoryEntry[];
}

/**
 * Reads an image configuration: null and absent members are alike, unknown members are ignored, and so are those of a
 * wrong type that are only shown. Of what containers are made from anything of the wrong type is refused with `invalid`
 * and the member's name. Throws `unsupported` for what is no image's: it describes no layers.
 */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  if (bytes.length > CONFIG_LIMIT) {
    throw new EngineError('invalid', `image config is larger than ${CONFIG_LIMIT} bytes`);
  }
  const document = asObject(parseJson(bytes, 'image config'), 'image config');
  if (document.rootfs === undefined || document.rootfs === null) {
    throw new EngineError('unsupported', 'config has no rootfs: it is not that of a container image', {
      hint: 'the name belongs to another kind of artifact, such as a chart or a signature',
    });
  }
  const rootfs = asObject(document.rootfs, 'rootfs');
  const rootfsType = optional(rootfs.type, 'rootfs.type', asString) || 'layers';
  if (rootfsType !== 'layers') {
    throw new EngineError('unsupported', `image config has a root file system of type "${rootfsType}"`);
  }
  return {
    created: shown(document.created, 'created', asString),
    author: shown(document.author, 'author', asString),
    architecture: optional(document.architecture, 'architecture', asString) ?? '',
    os: optional(document.os, 'os', asString) ?? '',
    variant: optional(document.variant, 'variant', asString) || undefined,
    config: optional(document.config, 'config', readExecutionConfig) ?? {},
    rootfs: { type: 'layers', diff_ids: optional(rootfs.diff_ids, 'rootfs.diff_ids', readDigests) ?? [] },
    history: shown(document.history, 'history', readHistory) ?? [],
  };
}

/** Throws `invalid` unless the config has one diffID for each layer of the manifest: they pair up by position. */
export function checkLayers(manifest: Manifest, config: ImageConfig): void {
  const [layers, diffIDs] = [manifest.layers.length, config.rootfs.diff_ids.length];
  if (layers === diffIDs) return;
  throw new EngineError('invalid', `image has ${layers} layers, but its config describes ${diffIDs}`, {
    subject: manifest.config.digest,
  });
}

function readExecutionConfig(value: unknown, what: string): ExecutionConfig {
  const member = asObject(value, what);
  const read = <T>(name: string, as: (value: unknown, what: string) => T): T | undefined =>
    optional(member[name], `${what}.${name}`, as);
  return {
    User: read('User', asString),
    ExposedPorts: read('ExposedPorts', readSet),
    Env: read('Env', asStrings),
    Entrypoint: read('Entrypoint', asWords),
    Cmd: read('Cmd', asWords),
    Volumes: read('Volumes', readSet),
    WorkingDir: read('WorkingDir', asString),
    Labels: read('Labels', readLabels),
    StopSignal: read('StopSignal', asString),
    Shell: read('Shell', asWords),
    Healthcheck: read('Healthcheck', readHealthcheck),
    ArgsEscaped: shown(member.ArgsEscaped, `${what}.ArgsEscaped`, asBoolean),
    OnBuild: shown(member.OnBuild, `${what}.OnBuild`, asStrings),
  };
}

function readHealthcheck(value: unknown, what: string): Healthcheck {
  const member: JsonObject = asObject(value, what);
  const number = (name: string): number | undefined => optional(member[name], `${what}.${name}`, asInteger);
  return {
    Test: optional(member.Test, `${what}.Test`, asStrings),
    Interval: number('Interval'),
    Timeout: number('Timeout'),
    StartPeriod: number('StartPeriod'),
    StartInterval: number('StartInterval'),
    Retries: number('Retries'),
  };
}

function readHistory(value: unknown, what: string): HistoryEntry[] {
  return asList(value, what, (item, at) => {
    const member = asObject(item, at);
    const text = (name: string): string | undefined => shown(member[name], `${at}.${name}`, asString);
    return {
      created: text('created'),
      created_by: text('created_by'),
      author: text('author'),
      comment: text('comment'),
      empty_layer: shown(member.empty_layer, `${at}.empty_layer`, asBoolean),
    };
  });
}

function readDigests(value: unknown, what: string): Digest[] {
  return asList(value, what, (item, at) => parseDigest(asString(item, at), at));
}

/** Docker reads text as a list of one, as images of its first years have it. Empty text is no word. */
function asWords(value: unknown, what: string): string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  return asStrings(value, what);
}

function asStrings(value: unknown, what: string): string[] {
  return asList(value, what, asString);
}

/** A Go set: `{"80/tcp": {}}`. Some tools write null for the empty object. */
function readSet(value: unknown, what: string): Record<string, object> {
  return asMap(value, what, (item, at) => optional(item, at, asObject) ?? {});
}

function readLabels(value: unknown, what: string): Record<string, string> {
  return asMap(value, what, (item, at) => optional(item, at, asString) ?? '');
}
