import type { DeviceAmount } from '../engine/options/create.ts';
import { EngineError } from '../errors.ts';
import { parseSize } from './size.ts';

/** `--memory-swap`: a size, or -1 for no limit. Throws `invalid`. */
export function parseSwap(text: string): number {
  return text === '-1' ? -1 : parseSize(text);
}

/** `--device-read-bps /dev/sda:1mb`: bytes per second, with Docker's units. Throws `invalid`. */
export function parseDeviceRate(text: string): DeviceAmount {
  return deviceAmount(text, parseSize, 'bytes per second, as in /dev/sda:1mb');
}

/** `--device-read-iops /dev/sda:1000`: operations per second. Throws `invalid`. */
export function parseDeviceOperations(text: string): DeviceAmount {
  return deviceAmount(text, wholeNumber, 'operations per second, as in /dev/sda:1000');
}

/** `--blkio-weight-device /dev/sda:200`. Throws `invalid`; the range is for the engine to check. */
export function parseDeviceWeight(text: string): DeviceAmount {
  return deviceAmount(text, wholeNumber, 'a weight of 10 to 1000, as in /dev/sda:200');
}

/** The last colon counts: names below /dev/disk have some of their own. */
function deviceAmount(text: string, parse: (amount: string) => number, what: string): DeviceAmount {
  const colon = text.lastIndexOf(':');
  const path = text.slice(0, Math.max(colon, 0));
  if (!path.startsWith('/dev/')) throw invalid(text, `write PATH:NUMBER, a device and ${what}`);
  try {
    return { path, amount: parse(text.slice(colon + 1)) };
  } catch {
    throw invalid(text, `write PATH:NUMBER, a device and ${what}`);
  }
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new RangeError(text);
  return Number(text);
}

function invalid(text: string, hint: string): EngineError {
  return new EngineError('invalid', `invalid amount for a device: "${text}"`, { subject: text, hint });
}
