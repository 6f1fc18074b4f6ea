import { closeSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { unlessMissing } from '../../host/missing.ts';
import { containerPaths } from '../store/container-paths.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';

/** Something that happened, in Docker's words. */
export interface NewEvent {
  type: 'container' | 'image' | 'network' | 'volume' | 'builder' | 'daemon';
  /** `create`, `exec_start: sh -c true`. */
  action: string;
  /** The id of the object that it happened to: a container's id, the reference or id of an image. */
  id: string;
  attributes: Readonly<Record<string, string>>;
}

/** An event as it stands in the journal. */
export interface EngineEvent {
  type: string;
  action: string;
  id: string;
  attributes: Readonly<Record<string, string>>;
  scope: string;
  /** ns since the epoch. */
  timeNano: bigint;
}

/**
 * Appends a line to the journal of events: one write(2), about 30 us, as it stands on the path of `run`. What cannot be
 * written (a full disk) is lost: nothing fails for it. Monitors write theirs themselves, and put a full journal aside.
 */
export function appendEvent({ paths }: Context, { type, action, id, attributes }: NewEvent): void {
  const now = Date.now();
  const event = {
    Type: type,
    Action: action,
    Actor: { ID: id, Attributes: attributes },
    scope: 'local',
    time: Math.floor(now / 1000),
  };
  // Nanoseconds are more than a number of JavaScript holds.
  const line = `${JSON.stringify(event).slice(0, -1)},"timeNano":${now}000000}\n`;
  try {
    const journal = openSync(paths.events, 'a', 0o600);
    try {
      writeSync(journal, line);
    } finally {
      closeSync(journal);
    }
  } catch {}
}

/** Returns the attributes of every event of a container: its labels, its image as the user named it, its name. */
export function containerAttributes({
  labels,
  image,
  name,
}: {
  labels?: Readonly<Record<string, string>> | undefined;
  image: string;
  name: string;
}): Record<string, string> {
  return { ...labels, image, name };
}

/** JSON without its braces: the helper adds what each event has besides. */
export function eventMembers(attributes: Readonly<Record<string, string>>): string {
  return JSON.stringify(attributes).slice(1, -1);
}

/**
 * Tells the processes that watch a container what their events are to say of it from now on: they have it from plans
 * that were written before. Without a runtime directory nobody watches.
 */
export function replaceEventAttributes(
  { paths }: Pick<Context, 'paths'>,
  { id, name, imageName, options }: Pick<ContainerRow, 'id' | 'name' | 'imageName' | 'options'>,
): void {
  const file = containerPaths(paths, id).eventAttributes;
  const members = eventMembers(containerAttributes({ labels: options.labels, image: imageName, name }));
  unlessMissing(() => {
    writeFileSync(`${file}.new`, members, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  });
}

/** Notes what happened to a container; `more` attributes are of this event alone. Nobody is told of steps of builds. */
export function appendContainerEvent(
  context: Context,
  { id, name, imageName, options }: Pick<ContainerRow, 'id' | 'name' | 'imageName' | 'options'>,
  action: string,
  more: Readonly<Record<string, string>> = {},
): void {
  if (options.step !== undefined) return;
  const attributes = containerAttributes({ labels: options.labels, image: imageName, name });
  appendEvent(context, { type: 'container', action, id, attributes: { ...attributes, ...more } });
}
