import { parseReference } from '../../image/reference.ts';
import { knownFilters } from '../options/filters.ts';
import type { EngineEvent } from './journal.ts';

/** Values by the filter's name; those of one name are alternatives, but labels, which must all fit. */
export type EventFilters = ReadonlyMap<string, readonly string[]>;

type Test = (event: EngineEvent, values: readonly string[]) => boolean;

/** Actions that are followed by a colon and what was done: for these the beginning is enough. */
const WITH_DETAIL = ['health_status', 'exec_create', 'exec_start'];

/** A beginning of the id or of the name, as with Docker. */
const byActor: Test = ({ id, attributes }, values) =>
  values.some((value) => id.startsWith(value) || attributes['name']?.startsWith(value) === true);

const TESTS: Readonly<Record<string, Test>> = {
  event: ({ action }, values) =>
    values.includes(action) ||
    (values.some((value) => WITH_DETAIL.includes(value)) && values.some((value) => action.startsWith(value))),
  type: ({ type }, values) => values.includes(type),
  scope: ({ scope }, values) => values.includes(scope),
  image: isOfImage,
  label: ({ attributes }, values) => values.every((value) => hasLabel(attributes, value)),
  id: ({ id }, values) => values.some((value) => id.startsWith(value)),
  name: ({ attributes }, values) => values.some((value) => attributes['name']?.startsWith(value) === true),
  ...Object.fromEntries(
    ['container', 'daemon', 'network', 'volume', 'plugin', 'node', 'service', 'secret', 'config'].map(
      (name) => [name, byActor],
    ),
  ),
};

/** Docker's filters of events, and Podman's `name` and `id`. Throws `invalid` for a filter that there is not. */
export function eventFilter(filters: EventFilters): (event: EngineEvent) => boolean {
  const tests = [...knownFilters(filters, Object.keys(TESTS))].map(([name, values]) => {
    const test = TESTS[name] as Test;
    return (event: EngineEvent) => test(event, values);
  });
  return (event) => tests.every((test) => test(event));
}

/**
 * Whether an event is of an image, or of a container that was made from it; `values` name the image with or without its
 * tag, or by id.
 */
function isOfImage({ type, id, attributes }: EngineEvent, values: readonly string[]): boolean {
  const name = attributes[type === 'image' ? 'name' : 'image'] ?? '';
  return [id, name, withoutTag(id), withoutTag(name)].some((each) => values.includes(each));
}

function withoutTag(image: string): string {
  try {
    const { domain, path } = parseReference(image);
    if (domain !== 'docker.io') return `${domain}/${path}`;
    return path.replace(/^library\//, '');
  } catch {
    return image;
  }
}

function hasLabel(attributes: EngineEvent['attributes'], wanted: string): boolean {
  const at = wanted.indexOf('=');
  if (at < 0) return Object.hasOwn(attributes, wanted);
  return attributes[wanted.slice(0, at)] === wanted.slice(at + 1);
}
