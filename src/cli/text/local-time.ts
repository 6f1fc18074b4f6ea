/** A time (ms since the epoch) as Go prints it, to the second, in local time: `2026-01-02 15:04:05 +0100 CET`. */
export function localTime(ms: number): string {
  const time = new Date(ms);
  const two = (value: number) => String(value).padStart(2, '0');
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':');
  const minutes = -time.getTimezoneOffset();
  const offset = `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}${two(Math.abs(minutes) % 60)}`;
  return `${date} ${clock} ${offset} ${zoneName(time) ?? offset}`;
}

let formatter: Intl.DateTimeFormat | undefined;
/** The names of zones by their offset, kept because the formatter is slow. */
const zones = new Map<number, string | undefined>();

/** `CET`; undefined for zones that have only a number. */
function zoneName(time: Date): string | undefined {
  const offset = time.getTimezoneOffset();
  if (!zones.has(offset)) {
    formatter ??= new Intl.DateTimeFormat('en', { timeZoneName: 'short' });
    const name = formatter.formatToParts(time).find(({ type }) => type === 'timeZoneName')?.value;
    zones.set(offset, name === undefined || /\d/.test(name) ? undefined : name);
  }
  return zones.get(offset);
}
