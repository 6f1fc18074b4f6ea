import type { Command } from 'commander';
import type { Session } from './session.ts';

/** What a command's module exports: it adds arguments, options and the action to the command. */
export interface CommandModule {
  define(command: Command, session: () => Session): void;
}

/** A command by name, loaded only when it is asked for. */
export interface CommandEntry {
  name: string;
  aliases?: readonly string[];
  summary: string;
  /** Not for people: left out of the help. */
  hidden?: boolean;
  load(): Promise<CommandModule>;
}

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'run',
    summary: 'create a container from an image and run a command in it',
    load: () => import('./commands/run.ts'),
  },
  { name: 'ps', summary: 'list containers', load: () => import('./commands/ps.ts') },
  { name: 'logs', summary: 'show what a container has written', load: () => import('./commands/logs.ts') },
  { name: 'stop', summary: 'stop running containers', load: () => import('./commands/stop.ts') },
  { name: 'kill', summary: 'send a signal to running containers', load: () => import('./commands/kill.ts') },
  {
    name: 'wait',
    summary: 'wait until containers end and print their exit codes',
    load: () => import('./commands/wait.ts'),
  },
  {
    name: 'top',
    summary: "show a container's processes",
    load: () => import('./commands/top.ts'),
  },
  { name: 'pause', summary: 'freeze everything in containers', load: () => import('./commands/pause.ts') },
  { name: 'unpause', summary: 'let paused containers go on', load: () => import('./commands/unpause.ts') },
  {
    name: 'update',
    summary: 'change the limits of containers, also while they run',
    load: () => import('./commands/update.ts'),
  },
  {
    name: 'stats',
    summary: 'show what containers use: CPU, memory, network, block I/O',
    load: () => import('./commands/stats.ts'),
  },
  {
    name: 'why',
    summary: 'explain how a container ended, or why it did not start',
    load: () => import('./commands/why.ts'),
  },
  { name: 'rm', summary: 'remove containers', load: () => import('./commands/rm.ts') },
  {
    name: 'inspect',
    summary: 'show everything about containers and images, as JSON',
    load: () => import('./commands/inspect.ts'),
  },
  { name: 'pull', summary: 'fetch an image from a registry', load: () => import('./commands/pull.ts') },
  { name: 'images', summary: 'list images', load: () => import('./commands/images.ts') },
  { name: 'rmi', summary: 'remove images', load: () => import('./commands/rmi.ts') },
  {
    name: 'info',
    summary: 'show what this host and this store offer',
    load: () => import('./commands/info.ts'),
  },
  {
    name: 'doctor',
    summary: 'say whether containers can run here, what is missing, and what crashes have left',
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'version',
    summary: 'show the versions of skiff and what it is made of',
    load: () => import('./commands/version.ts'),
  },
  {
    name: 'explain-failure',
    summary: 'say why a container did not start (called by the helper)',
    hidden: true,
    load: () => import('./commands/explain-failure.ts'),
  },
];
