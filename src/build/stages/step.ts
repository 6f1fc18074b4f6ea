import type { ImageConfig } from '../../oci/image-config.ts';
import type { Platform } from '../../oci/platform.ts';
import type { FileText } from '../dockerfile/complaint.ts';
import type { Instruction } from '../dockerfile/instruction.ts';

/** What a stage begins with, and what COPY --from and RUN --mount from= take files from. */
export type Source =
  | { kind: 'scratch' }
  /** Another stage, by its place in the file, from 0. */
  | { kind: 'stage'; index: number }
  | { kind: 'image'; reference: string }
  /** The build's context, or one that the user named with --build-context. */
  | { kind: 'context'; name?: string | undefined };

/** A stage as the file has it: names are resolved, arguments before the first FROM are expanded. */
export interface StagePlan {
  index: number;
  /** In lower case; absent: it has none. */
  name: string | undefined;
  base: Source;
  platform: Platform | undefined;
  from: Instruction;
  /** Those after FROM. */
  instructions: readonly Instruction[];
  /** Stages that have to be there before it is complete, by index: its base, and those it copies or mounts from. */
  needs: readonly number[];
}

/** The stages of a build, and what all of them share. */
export interface BuildPlan {
  stages: readonly StagePlan[];
  /** The stage that becomes the result. */
  target: number;
  /** The target and all that it needs, each after those that it needs. */
  needed: readonly number[];
  /** Arguments that were given and that no ARG of the file takes: worth a warning. */
  unusedArguments: readonly string[];
  scope: BuildScope;
}

/** What holds for the whole build. */
export interface BuildScope {
  /** The file, for messages. */
  file: FileText;
  /** The character that escapes: a backslash or a backtick. */
  escape: string;
  /** What was given for arguments (`--build-arg`). */
  buildArgs: Readonly<Record<string, string>>;
  /** The predefined arguments, such as TARGETPLATFORM, and those of the ARGs before the first FROM. */
  arguments: ReadonlyMap<string, string>;
  /** Of the result; a stage may have another. */
  platform: Platform;
  buildPlatform: Platform;
  /** Names of contexts besides the main one, in lower case. */
  contexts: readonly string[];
  parsePlatform: (text: string) => Platform;
}

/** A file system that a RUN sees besides its own (`RUN --mount=…`). */
export type RunMount =
  | { type: 'bind'; from: Source; source: string; target: string; writable: boolean }
  | {
      type: 'cache';
      id: string;
      from: Source | undefined;
      source: string;
      target: string;
      readOnly: boolean;
      sharing: 'shared' | 'private' | 'locked';
      mode: number;
      uid: number;
      gid: number;
    }
  | { type: 'tmpfs'; target: string; sizeBytes: number | undefined }
  | {
      type: 'secret';
      id: string;
      /** Absent: it is a variable only. */
      target: string | undefined;
      environment: string | undefined;
      required: boolean;
      mode: number;
      uid: number;
      gid: number;
    }
  | {
      type: 'ssh';
      id: string;
      target: string | undefined;
      required: boolean;
      mode: number;
      uid: number;
      gid: number;
    };

interface StepWords {
  instruction: Instruction;
  /** The instruction expanded, on one line, as progress shows it: `COPY a b /c`. */
  text: string;
  /** The history's `created_by`; absent: the instruction has no entry there (ONBUILD). */
  createdBy: string | undefined;
}

export interface RunStep extends StepWords {
  kind: 'run';
  argv: readonly string[];
  /** `NAME=value`: the config's and the arguments that the stage has declared, of which the last one counts. */
  environment: readonly string[];
  /** `NAME=value`: proxies that were given as arguments. They are seen, and belong neither to the history nor to the key. */
  proxies: readonly string[];
  /** As the config has it; absent: root. */
  user: string | undefined;
  workingDirectory: string;
  mounts: readonly RunMount[];
  network: 'default' | 'none' | 'host';
  security: 'sandbox' | 'insecure';
  /** Documents that the command reads or is: absolute paths in the container, there for this step alone. */
  files: readonly { path: string; content: string; mode: number }[];
}

/** COPY and ADD. */
export interface CopyStep extends StepWords {
  kind: 'copy';
  add: boolean;
  from: Source;
  /** Paths below the source, with wildcards; of ADD also URLs and git repositories. */
  sources: readonly string[];
  /** Documents that become files, by name. */
  documents: readonly { name: string; content: string }[];
  /** Absolute; ends with a slash when it has to be a directory. */
  destination: string;
  /** `user[:group]`, names or numbers; absent: root. */
  chown: string | undefined;
  /** Octal or symbolic. */
  chmod: string | undefined;
  link: boolean;
  parents: boolean;
  exclude: readonly string[];
  checksum: string | undefined;
  keepGitDirectory: boolean;
  /** ADD --unpack: absent: local archives only. */
  unpack: boolean | undefined;
  /** COPY --if-exists: sources that are not there are none. */
  ifExists: boolean;
}

/** WORKDIR: the directory is made where it is not. */
export interface DirectoryStep extends StepWords {
  kind: 'directory';
  path: string;
  /** Who owns it, as the config has it; absent: root. */
  user: string | undefined;
}

/** What changes the config alone. */
export interface ConfigStep extends StepWords {
  kind: 'config';
}

export type Step = RunStep | CopyStep | DirectoryStep | ConfigStep;

/** All of an image's configuration but its layers and history. */
export type StageConfig = Omit<ImageConfig, 'rootfs' | 'history'>;

/** What a stage has come to. */
export interface StageState {
  config: StageConfig;
  /** Those that ARG has declared, in that order; undefined: without a value. */
  arguments: ReadonlyMap<string, string | undefined>;
  /** What variables stand for, and what RUN sees: the config's and the arguments, of which the last one counts. */
  environment: ReadonlyMap<string, string>;
  /** Whether CMD stood in this stage: ENTRYPOINT leaves it alone then. */
  commandGiven: boolean;
}
