import type { ExplainedPull } from './pull.ts';

/** What a build would do, as far as it can be known before anything is done. */
export interface ExplainedBuild {
  dockerfile: string;
  platform: string;
  /** What is built, as steps call it. */
  target: string;
  /** Images that it begins with or takes files from, in the order in which they are asked for. */
  images: ExplainedImage[];
  /** In the order of the file. */
  stages: ExplainedStage[];
}

/** An image of others: of the store, of the program itself, or pulled with what is said of that pull. */
export interface ExplainedImage {
  name: string;
  state: 'here' | 'embedded' | 'pulled';
  pull?: ExplainedPull | undefined;
}

export interface ExplainedStage {
  index: number;
  /** As steps call it: its name, else `stage-2`. */
  name: string;
  /** The line of its FROM. */
  line: number;
  /** What it begins with: `image alpine`, `stage build`, `scratch`. */
  from: string;
  /** Whether it is built. */
  isNeeded: boolean;
  /** Stages that begin with it or take files from it, as they are called; empty: nobody needs it, or it is the target. */
  neededBy: string[];
  steps: ExplainedStep[];
}

export interface ExplainedStep {
  /** `[build 2/4]`; absent: it changes the config alone, or is not of those that progress counts. */
  label?: string | undefined;
  /** The instruction, expanded. */
  text: string;
  line: number;
  /**
   * Comes from the cache; is done; is done once, with the same step of another stage; nobody can know before steps that come
   * first are done; changes the config alone, which is always done.
   */
  state: 'cached' | 'done' | 'shared' | 'unknown' | 'config';
  /** Why it does not come from the cache, or cannot be known; which step does it. */
  why?: string | undefined;
  /** The cache that it comes from, when that is not the store's own. */
  from?: string | undefined;
  run?: ExplainedRun | undefined;
}

/** What a RUN sees besides its files. */
export interface ExplainedRun {
  /** `default`: what the build says, else the usual one. */
  network: string;
  security: 'sandbox' | 'insecure';
  mounts: ExplainedMount[];
}

/** A mount by its names, never with what is in it. */
export interface ExplainedMount {
  type: 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh';
  id?: string | undefined;
  target?: string | undefined;
  /** The variable that a secret is in. */
  environment?: string | undefined;
  /** Where its files come from. */
  from?: string | undefined;
}
