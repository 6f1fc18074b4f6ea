import type { EngineError, Failure } from '../../errors.ts';
import { familiarReference, parseReference } from '../../image/reference.ts';

type Words = (subject: string, object: string) => string;

/**
 * Docker's words for what its clients know by them: testcontainers, Compose and docker-py tell by parts of a message what is
 * missing, taken or in the way. They say what there is to do, or leave it to the client.
 */
const WORDS: Readonly<Record<Failure, Words>> = {
  noSuchContainer: (name) => `No such container: ${name}`,
  noSuchImage: (name) => `No such image: ${withTag(name)}`,
  noSuchNetwork: (name) => `network ${name} not found`,
  noSuchVolume: (name) => `get ${name}: no such volume`,
  noSuchExec: (id) => `No such exec instance: ${id}`,
  noSuchPath: (path, container) => `Could not find the file ${path} in container ${container}`,
  noCommand: () => 'No command specified',
  badContainerName: (name) =>
    `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed, two of them at least`,
  sameContainerName: () => 'Renaming a container with the same name as its current name',
  containerNameTaken: (name, id) =>
    `Conflict. The container name "/${name}" is already in use by container "${id}". You have to remove (or rename) that container to be able to reuse that name.`,
  networkNameTaken: (name) => `network with name ${name} already exists`,
  notRunning: (_, id) => `Container ${id} is not running`,
  running: (_, id) =>
    `You cannot remove a running container ${id}. Stop the container before attempting removal or force remove`,
  restarting: (name) => `Container ${name} is restarting, wait until the container is running`,
  startOfPaused: () => 'cannot start a paused container, try unpause instead',
  execInPaused: (_, id) => `Container ${id} is paused, unpause the container before exec`,
  attachToPaused: (name) => `container ${name} is paused, unpause the container before attach`,
  alreadyPaused: (_, id) => `Container ${id} is already paused`,
  notPaused: (_, id) => `Container ${id} is not paused`,
  alreadyExecuted: (id) => `Error: Exec command ${id} has already run`,
  portTaken: (at) => `Bind for ${at} failed: port is already allocated`,
  portInUse: (at) => `failed to bind host port ${at}: address already in use`,
  imageOfStopped: (name, id) =>
    `conflict: unable to delete ${name} (must be forced) - image is being used by stopped container ${short(id)}`,
  imageOfRunning: (name, id) =>
    `conflict: unable to delete ${name} (cannot be forced) - image is being used by running container ${short(id)}`,
  imageOfSeveralNames: (name) =>
    `conflict: unable to delete ${name} (must be forced) - image is referenced in multiple repositories`,
  networkInUse: (name, id) => `network ${name} id ${id} has active endpoints`,
  volumeInUse: (name, ids) => `remove ${name}: volume is in use - [${ids}]`,
};

/** What clients of this face are told: Docker's words, or the message with its hint, as they show nothing else. */
export function wordsOf({ failure, subject = '', object = '', message, hint }: EngineError): string {
  if (failure !== undefined) return WORDS[failure](subject, object);
  if (hint === undefined) return message;
  return `${message}${message.includes('\n') ? '\n' : ' '}(${hint})`;
}

/** As Docker asks for it: without its registry if that is the usual one, and with `latest` where nothing is said. */
function withTag(name: string): string {
  try {
    return familiarReference(parseReference(name));
  } catch {
    return name;
  }
}

function short(id: string): string {
  return id.slice(0, 12);
}
