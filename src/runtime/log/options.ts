import { EngineError } from '../../errors.ts';
import type { LogOptions, LogSettings } from '../options.ts';
import { chosenAttributes, journalName } from './attributes.ts';
import { type LogSubject, renderTag } from './tag.ts';

/**
 * The engine's decisions for a log: its file, the command that compresses it, and the limits of json-file when the user
 * gives none.
 */
export interface LogPlaces {
  file: string;
  /** argv of the command that compresses a file, whose path is appended. */
  compress: readonly string[];
  maxBytes: number;
  maxFiles: number;
}

const LOCAL_MAX_BYTES = 20 * 1024 * 1024;
const LOCAL_MAX_FILES = 5;

const JOURNAL_SOCKET = '/run/systemd/journal/socket';
const SYSLOG_SOCKET = '/dev/log';
const SYSLOG_PORT = '514';

const ATTRIBUTES = ['labels', 'labels-regex', 'env', 'env-regex', 'tag'];
const FILES = ['max-size', 'max-file', 'compress'];
const SYSLOG = ['syslog-address', 'syslog-facility', 'syslog-format'];

interface Driver {
  options: readonly string[];
  /** How its lines are delivered (Docker's `mode`). */
  mode?: 'blocking' | 'non-blocking';
  settings(options: LogOptions['options'], subject: LogSubject, places: LogPlaces): LogSettings | undefined;
}

const DRIVERS: Readonly<Record<string, Driver>> = {
  'json-file': { options: [...FILES, ...ATTRIBUTES], mode: 'blocking', settings: jsonFile },
  local: { options: FILES, mode: 'blocking', settings: local },
  journald: { options: ATTRIBUTES, mode: 'non-blocking', settings: journald },
  syslog: { options: [...SYSLOG, ...ATTRIBUTES], mode: 'non-blocking', settings: syslog },
  none: { options: [], settings: () => undefined },
};

export const LOG_DRIVERS: readonly string[] = Object.keys(DRIVERS);

/**
 * Reads the options of a log for the plan (native/PLAN.md, `log`), with the defaults of the driver; undefined: no log
 * is kept. For syslog the address is as the user gave it, its host maybe a name. Throws `invalid` for an option that
 * the driver does not have or a value that cannot be, `unsupported` for a driver or an option that skiff does not have.
 */
export function logSettings(
  asked: LogOptions,
  subject: LogSubject,
  places: LogPlaces,
): LogSettings | undefined {
  const driver = Object.hasOwn(DRIVERS, asked.driver) ? DRIVERS[asked.driver] : undefined;
  if (driver === undefined) {
    throw new EngineError('unsupported', `there is no log driver ${asked.driver}`, {
      subject: asked.driver,
      hint: `the log drivers are ${LOG_DRIVERS.join(', ')}`,
    });
  }
  for (const name of Object.keys(asked.options)) checkOption(asked, driver, name);
  return driver.settings(asked.options, subject, places);
}

function checkOption({ driver: name, options }: LogOptions, driver: Driver, option: string): void {
  if (driver.options.includes(option)) return;
  if (option === 'mode' && driver.mode !== undefined) {
    if (options['mode'] === driver.mode) return;
    throw new EngineError('unsupported', `log driver ${name} is always ${driver.mode}`, { subject: 'mode' });
  }
  if (name === 'syslog' && option.startsWith('syslog-tls-')) throw withoutTls(option);
  throw new EngineError('invalid', `log driver ${name} has no option ${option}`, {
    subject: option,
    hint: driver.options.length === 0 ? 'it has none' : `it has ${driver.options.join(', ')}`,
  });
}

function withoutTls(subject: string): EngineError {
  return new EngineError('unsupported', 'log driver syslog does not encrypt its connections', {
    subject,
    hint: 'send to a syslog daemon on this host, which can',
  });
}

function jsonFile(options: LogOptions['options'], subject: LogSubject, places: LogPlaces): LogSettings {
  const tag = options['tag'];
  const attributes = {
    ...chosenAttributes(options, subject),
    ...(tag === undefined || tag === '' ? {} : { tag: renderTag(tag, subject) }),
  };
  return fileSettings('json-file', options, places, {
    maxBytes: options['max-size'] === '-1' ? 0 : (sizeOf(options, 1000) ?? places.maxBytes),
    maxFiles: countOf(options) ?? places.maxFiles,
    compress: flagOf(options) ?? false,
    attributes: sorted(attributes),
  });
}

function local(options: LogOptions['options'], _subject: LogSubject, places: LogPlaces): LogSettings {
  const maxFiles = countOf(options) ?? LOCAL_MAX_FILES;
  return fileSettings('local', options, places, {
    maxBytes: sizeOf(options, 1024) ?? LOCAL_MAX_BYTES,
    maxFiles,
    compress: flagOf(options) ?? maxFiles > 1,
    attributes: {},
  });
}

function fileSettings(
  driver: 'json-file' | 'local',
  options: LogOptions['options'],
  places: LogPlaces,
  { compress, ...wish }: Pick<LogSettings, 'maxBytes' | 'maxFiles' | 'attributes'> & { compress: boolean },
): LogSettings {
  if (compress && (wish.maxFiles < 2 || wish.maxBytes === 0)) {
    throw invalid(
      options,
      'compress',
      'it needs a max-size and a max-file of two or more: what is compressed are the older files',
    );
  }
  return { driver, path: places.file, ...wish, compress: compress ? places.compress : undefined };
}

function journald(options: LogOptions['options'], subject: LogSubject): LogSettings {
  const tag = renderTag(options['tag'] || '{{.ID}}', subject);
  const chosen = Object.entries(chosenAttributes(options, subject));
  const attributes = {
    CONTAINER_ID: subject.id.slice(0, 12),
    CONTAINER_ID_FULL: subject.id,
    CONTAINER_NAME: subject.name,
    CONTAINER_TAG: tag,
    IMAGE_NAME: subject.imageName,
    SYSLOG_IDENTIFIER: tag,
    ...Object.fromEntries(chosen.map(([key, value]) => [journalName(key), value])),
  };
  const named = Object.entries(attributes).filter(([key]) => key !== '');
  return remote('journald', JOURNAL_SOCKET, Object.fromEntries(named));
}

const FACILITIES =
  'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp - - - - local0 local1 local2 local3 local4 local5 local6 local7'.split(
    ' ',
  );

const FORMATS = ['rfc3164', 'rfc5424', 'rfc5424micro'];

function syslog(options: LogOptions['options'], subject: LogSubject): LogSettings {
  const format = options['syslog-format'] || 'unix';
  if (format !== 'unix' && !FORMATS.includes(format))
    throw invalid(options, 'syslog-format', `it is one of ${FORMATS.join(', ')}`);
  return remote('syslog', syslogAddress(options), {
    facility: String(facilityOf(options)),
    format,
    tag: renderTag(options['tag'] || '{{.ID}}', subject),
  });
}

function remote(
  driver: 'journald' | 'syslog',
  path: string,
  attributes: Readonly<Record<string, string>>,
): LogSettings {
  return { driver, path, maxBytes: 0, maxFiles: 0, attributes };
}

function syslogAddress(options: LogOptions['options']): string {
  const address = options['syslog-address'];
  if (address === undefined || address === '') return `unix://${SYSLOG_SOCKET}`;
  if (address.startsWith('tcp+tls://')) throw withoutTls(address);
  if (/^unix(gram)?:\/\/\/./.test(address)) return address;
  const [, protocol, host, port] = /^(tcp|udp):\/\/(\[[^\]]+\]|[^:/]+)(?::(\d+))?\/?$/.exec(address) ?? [];
  if (protocol === undefined || Number(port) > 65535)
    throw invalid(
      options,
      'syslog-address',
      'it looks like udp://HOST:PORT, tcp://HOST:PORT or unix:///PATH',
    );
  return `${protocol}://${host}:${port ?? SYSLOG_PORT}`;
}

function facilityOf(options: LogOptions['options']): number {
  const text = options['syslog-facility'] || 'daemon';
  const number = /^\d+$/.test(text) ? Number(text) : FACILITIES.indexOf(text);
  if (text === '-' || number < 0 || number > 23)
    throw invalid(options, 'syslog-facility', 'it is a name like daemon or local0, or a number up to 23');
  return number;
}

const UNITS = ['', 'k', 'm', 'g', 't', 'p'];

/** `10m`, `1.5gb`: as json-file reads it in powers of 1000, as local does of 1024. */
function sizeOf(options: LogOptions['options'], base: number): number | undefined {
  const text = options['max-size'];
  if (text === undefined) return undefined;
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * base ** UNITS.indexOf(unit.toLowerCase()));
  if (bytes > 0 && Number.isSafeInteger(bytes)) return bytes;
  throw invalid(options, 'max-size', 'it is a size like 500k, 10m or 1g');
}

function countOf(options: LogOptions['options']): number | undefined {
  const text = options['max-file'];
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw invalid(options, 'max-file', 'it is a number, at least 1');
}

/** The words of Go's strconv.ParseBool. */
function flagOf(options: LogOptions['options']): boolean | undefined {
  const text = options['compress'];
  if (text === undefined) return undefined;
  if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true;
  if (/^(0|f|F|false|FALSE|False)$/.test(text)) return false;
  throw invalid(options, 'compress', 'it is true or false');
}

/** Sorts attributes by name, as Docker's encoder of maps does. */
function sorted(attributes: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function invalid(options: LogOptions['options'], option: string, hint: string): EngineError {
  return new EngineError('invalid', `log option ${option} cannot be "${options[option] ?? 'true'}"`, {
    subject: option,
    hint,
  });
}
