const SECOND = 1000;
const HOURS_PER_DAY = 24;
const HOURS_PER_WEEK = 7 * HOURS_PER_DAY;
const HOURS_PER_MONTH = 30 * HOURS_PER_DAY;
const HOURS_PER_YEAR = 365 * HOURS_PER_DAY;

/** A duration in ms in Docker's words: `Less than a second`, `3 seconds`, `About a minute`, `2 hours`, `3 weeks`. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / SECOND);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  return humanHours(Math.round(ms / SECOND / 3600));
}

function humanHours(hours: number): string {
  if (hours === 1) return 'About an hour';
  if (hours < 2 * HOURS_PER_DAY) return `${hours} hours`;
  if (hours < 2 * HOURS_PER_WEEK) return `${Math.floor(hours / HOURS_PER_DAY)} days`;
  if (hours < 2 * HOURS_PER_MONTH) return `${Math.floor(hours / HOURS_PER_WEEK)} weeks`;
  if (hours < 2 * HOURS_PER_YEAR) return `${Math.floor(hours / HOURS_PER_MONTH)} months`;
  return `${Math.floor(hours / HOURS_PER_YEAR)} years`;
}

/** How long ago a time (ms since the epoch) was: `2 hours ago`; a clock that was set back counts as now. */
export function ago(time: number, now = Date.now()): string {
  return `${humanDuration(Math.max(0, now - time))} ago`;
}

/** The STATUS of a running container: `Up 3 seconds`. */
export function upSince(started: number, now = Date.now()): string {
  return `Up ${humanDuration(Math.max(0, now - started))}`;
}

/** The STATUS of one that ended: `Exited (0) 5 minutes ago`. */
export function exitedAt(finished: number, code: number, now = Date.now()): string {
  return `Exited (${code}) ${ago(finished, now)}`;
}
