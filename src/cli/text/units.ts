const DECIMAL = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];
const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** Bytes in powers of 1000 with three significant digits, as tables show them: `4.43MB`, `120MB`, `0B`. */
export function humanSize(bytes: number, digits = 3): string {
  return scaled(bytes, { base: 1000, units: DECIMAL, digits });
}

/** Bytes in powers of 1024, as memory is written: `512MiB`, `1.5GiB`. */
export function humanMemory(bytes: number): string {
  return scaled(bytes, { base: 1024, units: BINARY, digits: 4 });
}

interface Scale {
  base: number;
  units: readonly string[];
  digits: number;
}

/** Rounds before it compares: 999,999 bytes are 1MB, never `1e+03kB`. */
function scaled(bytes: number, { base, units, digits }: Scale): string {
  let value = bytes;
  let unit = 0;
  while (Number(value.toPrecision(digits)) >= base && unit < units.length - 1) {
    value /= base;
    unit += 1;
  }
  return `${Number(value.toPrecision(Math.max(digits, Math.trunc(value).toString().length)))}${units[unit]}`;
}
