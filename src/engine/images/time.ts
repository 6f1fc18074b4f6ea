/** The year 1 is how Go programs write that they do not know. */
const NO_TIME = Date.parse('0001-01-01T00:00:00Z');

/** A time of an image's config (RFC 3339) in ms since the epoch; undefined: it does not say. */
export function timeOf(created: string | undefined): number | undefined {
  const time = Date.parse(created ?? '');
  return Number.isNaN(time) || time === NO_TIME ? undefined : time;
}
