import type { CommandEntry, CommandGroup } from './command/entry.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'run',
    summary: 'create a container from an image and run a command in it',
    load: () => import('./commands/container/run.ts'),
  },
  {
    name: 'create',
    summary: 'create a container from an image, to be started later',
    load: () => import('./commands/container/create.ts'),
  },
  {
    name: 'start',
    summary: 'start containers that were created or have ended',
    load: () => import('./commands/container/start.ts'),
  },
  {
    name: 'exec',
    summary: 'run a command in a running container',
    load: () => import('./commands/container/exec.ts'),
  },
  {
    name: 'attach',
    summary: 'join the streams of a running container',
    load: () => import('./commands/container/attach.ts'),
  },
  { name: 'ps', summary: 'list containers', load: () => import('./commands/container/ps.ts') },
  {
    name: 'logs',
    summary: 'show what containers have written',
    load: () => import('./commands/container/logs.ts'),
  },
  { name: 'stop', summary: 'stop running containers', load: () => import('./commands/container/stop.ts') },
  {
    name: 'restart',
    summary: 'stop containers and start them again',
    load: () => import('./commands/container/restart.ts'),
  },
  {
    name: 'kill',
    summary: 'send a signal to running containers',
    load: () => import('./commands/container/kill.ts'),
  },
  {
    name: 'wait',
    summary: 'wait until containers end and print their exit codes',
    load: () => import('./commands/container/wait.ts'),
  },
  {
    name: 'top',
    summary: "show a container's processes",
    load: () => import('./commands/container/top.ts'),
  },
  {
    name: 'port',
    summary: "show a container's published ports",
    load: () => import('./commands/container/port.ts'),
  },
  {
    name: 'pause',
    summary: 'freeze everything in containers',
    load: () => import('./commands/container/pause.ts'),
  },
  {
    name: 'unpause',
    summary: 'let paused containers go on',
    load: () => import('./commands/container/unpause.ts'),
  },
  {
    name: 'update',
    summary: 'change limits and restart policy of containers, also while they run',
    load: () => import('./commands/container/update.ts'),
  },
  {
    name: 'cp',
    summary: 'copy files between containers and the host',
    load: () => import('./commands/container/cp.ts'),
  },
  {
    name: 'stats',
    summary: 'show what containers use: CPU, memory, network, block I/O',
    load: () => import('./commands/container/stats.ts'),
  },
  {
    name: 'rename',
    summary: 'give a container another name',
    load: () => import('./commands/container/rename.ts'),
  },
  {
    name: 'diff',
    summary: 'show what a container has changed in its file system',
    load: () => import('./commands/container/diff.ts'),
  },
  {
    name: 'undo',
    summary: 'give a container the files of a snapshot again',
    load: () => import('./commands/container/undo.ts'),
  },
  {
    name: 'build',
    summary: 'build an image of a Dockerfile',
    load: () => import('./commands/image/build.ts'),
  },
  {
    name: 'commit',
    summary: 'make an image of a container',
    load: () => import('./commands/container/commit.ts'),
  },
  {
    name: 'export',
    summary: 'write the file system of a container as a tar archive',
    load: () => import('./commands/container/export.ts'),
  },
  {
    name: 'events',
    summary: 'show what happens to containers, images and networks, and what has happened',
    load: () => import('./commands/system/events.ts'),
  },
  {
    name: 'why',
    summary: 'explain how a container ended, or why it did not start',
    load: () => import('./commands/container/why.ts'),
  },
  { name: 'rm', summary: 'remove containers', load: () => import('./commands/container/rm.ts') },
  {
    name: 'inspect',
    summary: 'show everything about containers, images and networks, as JSON',
    load: () => import('./commands/inspect.ts'),
  },
  { name: 'pull', summary: 'fetch an image from a registry', load: () => import('./commands/image/pull.ts') },
  { name: 'push', summary: 'send an image to its registry', load: () => import('./commands/image/push.ts') },
  {
    name: 'search',
    summary: 'find images at Docker Hub or another registry',
    load: () => import('./commands/image/search.ts'),
  },
  { name: 'images', summary: 'list images', load: () => import('./commands/image/ls.ts') },
  {
    name: 'import',
    summary: 'make an image of a tar archive',
    load: () => import('./commands/image/import.ts'),
  },
  {
    name: 'tag',
    summary: 'give an image one more name',
    load: () => import('./commands/image/tag.ts'),
  },
  {
    name: 'history',
    summary: 'show the steps that an image was made in',
    load: () => import('./commands/image/history.ts'),
  },
  {
    name: 'save',
    summary: 'write images to an archive that every engine loads',
    load: () => import('./commands/image/save.ts'),
  },
  {
    name: 'load',
    summary: 'bring the images of an archive into the store',
    load: () => import('./commands/image/load.ts'),
  },
  { name: 'rmi', summary: 'remove images', load: () => import('./commands/image/rm.ts') },
  {
    name: 'login',
    summary: 'show a registry who you are, for all later commands',
    load: () => import('./commands/image/login.ts'),
  },
  {
    name: 'logout',
    summary: 'forget who you are for a registry',
    load: () => import('./commands/image/logout.ts'),
  },
  {
    name: 'info',
    summary: 'show what this host and this store offer',
    load: () => import('./commands/system/info.ts'),
  },
  {
    name: 'doctor',
    summary: 'say whether containers can run here, what is missing, and what crashes have left',
    load: () => import('./commands/system/doctor.ts'),
  },
  {
    name: 'version',
    summary: 'show the versions of skiff and what it is made of',
    load: () => import('./commands/system/version.ts'),
  },
  {
    name: 'install',
    summary: 'make the link by which what calls docker calls skiff',
    load: () => import('./commands/system/install.ts'),
  },
  {
    name: 'explain-failure',
    summary: 'say why a container did not start (called by the helper)',
    hidden: true,
    load: () => import('./callbacks/explain-failure.ts'),
  },
  {
    name: 'compress-log',
    summary: 'compress a file of a log that was put aside (called by the helper)',
    hidden: true,
    load: () => import('./callbacks/compress-log.ts'),
  },
  {
    name: 'repair-networks',
    summary: 'make bridges and firewall anew (called by the helper)',
    hidden: true,
    load: () => import('./callbacks/repair-networks.ts'),
  },
  {
    name: 'sweep-departed',
    summary: 'remove what goes with a --rm container (called by the helper)',
    hidden: true,
    load: () => import('./callbacks/sweep-departed.ts'),
  },
  {
    name: 'explain-exec-failure',
    summary: 'say why a command could not be started in a container (called by the helper)',
    hidden: true,
    load: () => import('./callbacks/explain-exec-failure.ts'),
  },
];

/** The command that has the name of its group. */
const SNAPSHOT: CommandEntry = {
  name: 'snapshot',
  summary: 'keep the files of a container as they are now',
  load: () => import('./commands/snapshot/take.ts'),
};

/** The groups, of commands that exist by themselves and of some that do not. */
export const GROUPS: readonly CommandGroup[] = [
  {
    name: 'container',
    summary: 'everything about containers',
    commands: () => [
      ...own('run', 'create', 'start', 'stop', 'restart', 'kill', 'wait', 'attach', 'exec', 'logs', 'top'),
      { ...only('ps'), name: 'ls', aliases: ['ps', 'list'] },
      ...own('pause', 'unpause', 'update', 'rename', 'cp', 'stats', 'port', 'diff'),
      SNAPSHOT,
      ...own('undo', 'commit', 'export', 'why'),
      { ...only('rm'), aliases: ['remove'] },
      {
        name: 'inspect',
        summary: 'show everything about containers, as JSON',
        load: async () => (await import('./commands/inspect-of-kind.ts')).container,
      },
      {
        name: 'prune',
        summary: 'remove all containers that do not run',
        load: () => import('./commands/container/prune.ts'),
      },
    ],
  },
  {
    name: 'image',
    summary: 'everything about images',
    commands: () => [
      { ...only('images'), name: 'ls', aliases: ['list'] },
      ...own('build', 'pull', 'push', 'tag', 'history', 'save', 'load', 'import'),
      { ...only('rmi'), name: 'rm', aliases: ['remove'] },
      {
        name: 'prune',
        summary: 'remove images without a name, or all that no container uses',
        load: () => import('./commands/image/prune.ts'),
      },
      {
        name: 'inspect',
        summary: 'show everything about images, as JSON',
        load: async () => (await import('./commands/inspect-of-kind.ts')).image,
      },
    ],
  },
  {
    name: 'builder',
    summary: 'what builds keep to be faster the next time',
    commands: () => [
      ...own('build'),
      {
        name: 'prune',
        summary: 'remove the cache of builds',
        load: () => import('./commands/builder/prune.ts'),
      },
      {
        name: 'du',
        summary: 'show what the cache of builds has, and what that takes',
        load: () => import('./commands/builder/du.ts'),
      },
    ],
  },
  {
    name: 'manifest',
    summary: 'what registries say of images, and one name for those of several platforms',
    commands: () => [
      {
        name: 'inspect',
        summary: "show a registry's manifest or index, or a list that was made here",
        load: () => import('./commands/manifest/inspect.ts'),
      },
      {
        name: 'create',
        summary: 'make a list of images for several platforms, to be pushed',
        load: () => import('./commands/manifest/create.ts'),
      },
      {
        name: 'annotate',
        summary: 'say what platform an image of a list is for',
        load: () => import('./commands/manifest/annotate.ts'),
      },
      {
        name: 'push',
        summary: 'send a list to its registry',
        load: () => import('./commands/manifest/push.ts'),
      },
      {
        name: 'rm',
        aliases: ['remove'],
        summary: 'forget lists that were made here',
        load: () => import('./commands/manifest/rm.ts'),
      },
    ],
  },
  {
    name: 'network',
    summary: 'everything about networks',
    commands: () => [
      {
        name: 'create',
        summary: 'make a network that containers can be put on',
        load: () => import('./commands/network/create.ts'),
      },
      {
        name: 'ls',
        aliases: ['list'],
        summary: 'list networks',
        load: () => import('./commands/network/ls.ts'),
      },
      {
        name: 'inspect',
        summary: 'show everything about networks, as JSON',
        load: async () => (await import('./commands/inspect-of-kind.ts')).network,
      },
      {
        name: 'connect',
        summary: 'put a container on one more network',
        load: () => import('./commands/network/connect.ts'),
      },
      {
        name: 'disconnect',
        summary: 'take a container off a network',
        load: () => import('./commands/network/disconnect.ts'),
      },
      {
        name: 'rm',
        aliases: ['remove'],
        summary: 'remove networks',
        load: () => import('./commands/network/rm.ts'),
      },
      {
        name: 'prune',
        summary: 'remove all networks that no container is on',
        load: () => import('./commands/network/prune.ts'),
      },
    ],
  },
  {
    name: 'volume',
    summary: 'directories that outlive containers',
    commands: () => [
      {
        name: 'create',
        summary: 'make a volume',
        load: () => import('./commands/volume/create.ts'),
      },
      {
        name: 'ls',
        aliases: ['list'],
        summary: 'list volumes',
        load: () => import('./commands/volume/ls.ts'),
      },
      {
        name: 'inspect',
        summary: 'show everything about volumes, as JSON',
        load: async () => (await import('./commands/inspect-of-kind.ts')).volume,
      },
      {
        name: 'rm',
        aliases: ['remove'],
        summary: 'remove volumes with all that is in them',
        load: () => import('./commands/volume/rm.ts'),
      },
      {
        name: 'prune',
        summary: 'remove volumes that no container uses',
        load: () => import('./commands/volume/prune.ts'),
      },
      {
        name: 'rename',
        summary: 'give a volume another name',
        load: () => import('./commands/volume/rename.ts'),
      },
      {
        name: 'export',
        summary: 'write what is in a volume as tar',
        load: () => import('./commands/volume/export.ts'),
      },
      {
        name: 'import',
        summary: 'unpack a tar archive into a volume',
        load: () => import('./commands/volume/import.ts'),
      },
    ],
  },
  {
    name: 'snapshot',
    summary: 'the files of containers at earlier moments: snapshot CONTAINER [NAME] makes one',
    otherwise: SNAPSHOT,
    commands: () => [
      { ...SNAPSHOT, name: 'take' },
      {
        name: 'ls',
        aliases: ['list'],
        summary: 'list snapshots',
        load: () => import('./commands/snapshot/ls.ts'),
      },
      {
        name: 'rm',
        aliases: ['remove'],
        summary: 'remove snapshots',
        load: () => import('./commands/snapshot/rm.ts'),
      },
    ],
  },
  {
    name: 'system',
    summary: 'this host, this store, and what happens after a reboot',
    commands: () => [
      ...own('info', 'events', 'doctor'),
      {
        name: 'df',
        summary: 'show what images, containers and volumes take on the disk, and all else in the store',
        load: () => import('./commands/system/df.ts'),
      },
      {
        name: 'check',
        summary: 'say whether the store has all that it should, and mend it',
        load: () => import('./commands/system/check.ts'),
      },
      {
        name: 'prune',
        summary: 'remove whatever nobody uses: containers, networks, images, and what crashes have left',
        load: () => import('./commands/system/prune.ts'),
      },
      {
        name: 'start-all',
        summary: 'start the containers that run again after a reboot',
        load: () => import('./commands/system/start-all.ts'),
      },
      {
        name: 'stop-all',
        summary: 'stop all containers, as before a reboot',
        load: () => import('./commands/system/stop-all.ts'),
      },
      {
        name: 'reset',
        summary: 'remove everything of this store, also what it has on this host',
        load: () => import('./commands/system/reset.ts'),
      },
      {
        name: 'service',
        summary: "answer Docker's Engine API on a socket",
        load: () => import('./commands/system/service.ts'),
      },
      {
        name: 'dial-stdio',
        summary: "answer Docker's Engine API on standard input and output",
        load: () => import('./commands/system/dial-stdio.ts'),
      },
      {
        name: 'unit',
        summary: 'print a systemd unit that brings containers back after a reboot',
        load: () => import('./commands/system/unit.ts'),
      },
    ],
  },
];

function own(...names: readonly string[]): CommandEntry[] {
  return names.flatMap((name) => COMMANDS.filter((command) => command.name === name));
}

function only(name: string): CommandEntry {
  const [command] = own(name);
  if (command === undefined) throw new Error(`there is no command ${name}`);
  return command;
}
