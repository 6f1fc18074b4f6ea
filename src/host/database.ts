import { chmodSync, linkSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { EngineError } from '../errors.ts';
import { writeOwnFile } from './own-file.ts';

/** A row as SQLite gives it: column name to value. */
export type Row = Record<string, unknown>;

/** How long a writer waits for another process's transaction, in milliseconds. */
const BUSY_TIMEOUT_MS = 20_000;

/**
 * `run` becomes the helper without closing the database, which would write the log back and wait for the disk. The
 * next one to open it reads the log again; at this size, in bytes, it empties it first. SQLite's own checkpoints do
 * not: what they wrote back is forgotten with the last connection, and the log would grow without end.
 */
const LOG_MAX_BYTES = 64 * 4096;

/**
 * The state database: SQLite in WAL mode, one short transaction per change, safe with many processes at once.
 * Commits do not wait for the disk (`synchronous=NORMAL`): after a power cut the last changes may be missing, but
 * the database is consistent, and files without a row are garbage by definition.
 */
export class Database {
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #whenCommitted: (() => void)[] = [];

  private constructor(connection: DatabaseSync) {
    this.#connection = connection;
  }

  /**
   * Opens the database at `file`, making or migrating it as needed. `migrations[n]` leads from version n to n + 1.
   * Throws `unsupported` when a newer skiff made it, `denied` without rights, `unavailable` when the disk is full, and for a
   * file that is empty or somebody else's: to what it does not name nothing in the store would belong.
   */
  static open(file: string, migrations: readonly string[]): Database {
    try {
      const existing = statSync(file, { throwIfNoEntry: false });
      if (existing === undefined) create(file, migrations);
      else if ((existing.mode & 0o777) !== PRIVATE) makePrivate(file);
      const connection = connect(file);
      if (existing !== undefined) requireFilled(connection, file);
      migrate(connection, migrations);
      if (logSize(file) > LOG_MAX_BYTES) emptyLog(connection);
      return new Database(connection);
    } catch (cause) {
      throw explain(cause, file);
    }
  }

  /**
   * A copy of the database at `file` in memory, migrated; an empty one where there is none. Nothing is written to the
   * file, and what is written to the copy goes with it. Throws as `open`.
   */
  static copyOf(file: string, migrations: readonly string[]): Database {
    try {
      const connection = connect(':memory:');
      if (statSync(file, { throwIfNoEntry: false }) !== undefined) copyInto(connection, file);
      migrate(connection, migrations);
      return new Database(connection);
    } catch (cause) {
      throw explain(cause, file);
    }
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...values) as Row | undefined;
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...values) as Row[];
  }

  /** Returns the number of rows that changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  /** Runs `body` in one write transaction; whatever it throws rolls everything back. `body` must not wait. */
  transaction<T>(body: () => T): T {
    try {
      this.#connection.exec('BEGIN IMMEDIATE');
    } catch (cause) {
      throw explain(cause);
    }
    try {
      const result = body();
      this.#connection.exec('COMMIT');
      for (const then of this.#whenCommitted.splice(0)) then();
      return result;
    } catch (error) {
      this.#whenCommitted = [];
      if (this.#connection.isTransaction) this.#connection.exec('ROLLBACK');
      throw isSqliteError(error) ? explain(error) : error;
    }
  }

  /** Has something done once the transaction that runs is committed; never when it is rolled back. */
  whenCommitted(then: () => void): void {
    this.#whenCommitted.push(then);
  }

  /** As `transaction`; it is on the disk when this returns: for rows of what may not be forgotten in a power cut. */
  durableTransaction<T>(body: () => T): T {
    this.#connection.exec('PRAGMA synchronous=FULL');
    try {
      return this.transaction(body);
    } finally {
      this.#connection.exec('PRAGMA synchronous=NORMAL');
    }
  }

  /**
   * What is wrong with the file and its rows, a line each: SQLite's own integrity_check, and rows that refer to none. Empty when
   * all is well.
   */
  damage(): string[] {
    try {
      const found = this.all('PRAGMA integrity_check').map((row) => String(row['integrity_check']));
      const lost = this.all('PRAGMA foreign_key_check').map(
        ({ table, rowid, parent }) =>
          `row ${String(rowid)} of ${String(table)} refers to no ${String(parent)}`,
      );
      return [...found.filter((line) => line !== 'ok'), ...lost];
    } catch (error) {
      if (isSqliteError(error)) return [error.message];
      throw error;
    }
  }

  /** Writes the log back into the file. False when somebody kept reading, which none of our own does for a second. */
  emptyLog(): boolean {
    this.#connection.exec('PRAGMA busy_timeout=1000');
    const answer = this.#connection.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
    this.#connection.exec(`PRAGMA busy_timeout=${BUSY_TIMEOUT_MS}`);
    return answer?.['busy'] === 0;
  }

  close(): void {
    this.#statements.clear();
    this.#connection.close();
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#connection.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** The files of the database at `file`: itself the last. */
export function databaseFiles(file: string): string[] {
  return [`${file}-wal`, `${file}-shm`, file];
}

/** True for a violated UNIQUE or PRIMARY KEY constraint. */
export function isUniqueViolation(error: unknown): boolean {
  return (
    isSqliteError(error) &&
    (error.errcode === SQLITE.constraintUnique || error.errcode === SQLITE.constraintPrimaryKey)
  );
}

/** Result codes of SQLite (https://sqlite.org/rescode.html). */
const SQLITE = {
  busy: 5,
  readOnly: 8,
  full: 13,
  cannotOpen: 14,
  constraintPrimaryKey: 1555,
  /** The file that processes share cannot be made as long as it has to be: the first who opens the database asks for space. */
  sharedSize: 4874,
  constraintTrigger: 1811,
  constraintUnique: 2067,
} as const;

interface SqliteError extends Error {
  errcode: number;
}

function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && typeof (error as Partial<SqliteError>).errcode === 'number';
}

/** Whether it is this very error, by SQLite's extended code. */
function isSqliteCode(error: unknown, code: number): boolean {
  return isSqliteError(error) && error.errcode === code;
}

/**
 * Lets only the owner read the database: what containers are told is secret, and whoever may read the -shm file may
 * keep writers out by a lock on it. SQLite gives -wal and -shm the mode of the database.
 */
const PRIVATE = 0o600;

/** An earlier version, or somebody, let others in. */
function makePrivate(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) {
    if (statSync(file + suffix, { throwIfNoEntry: false }) !== undefined) chmodSync(file + suffix, PRIVATE);
  }
}

function connect(file: string): DatabaseSync {
  const connection = new DatabaseSync(file);
  connection.exec(
    `PRAGMA busy_timeout=${BUSY_TIMEOUT_MS}; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON`,
  );
  return connection;
}

/** Copies all tables of a file, as they are at one moment. Who may only read writes nothing back when it closes the file. */
function copyInto(connection: DatabaseSync, file: string): void {
  const source = new DatabaseSync(file, { readOnly: true });
  try {
    source.exec(`PRAGMA busy_timeout=${BUSY_TIMEOUT_MS}; BEGIN`);
    connection.exec('PRAGMA foreign_keys=OFF; BEGIN');
    // Triggers come last: they are not for rows that are there.
    const made = source.prepare(
      "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type = 'table' DESC, rowid",
    );
    for (const { type, name, sql } of made.all()) {
      connection.exec(String(sql));
      if (type === 'table') copyRows(source, connection, String(name));
    }
    connection.exec(`PRAGMA user_version=${version(source)}; COMMIT; PRAGMA foreign_keys=ON`);
  } finally {
    source.close();
  }
}

function copyRows(source: DatabaseSync, connection: DatabaseSync, table: string): void {
  const rows = source.prepare(`SELECT * FROM "${table}"`).all();
  const places = Object.keys(rows[0] ?? {}).map(() => '?');
  if (places.length === 0) return;
  const insertion = connection.prepare(`INSERT INTO "${table}" VALUES (${places.join()})`);
  for (const row of rows) insertion.run(...(Object.values(row) as SQLInputValue[]));
}

/** In bytes; 0 when there is none. */
function logSize(file: string): number {
  return statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}

/** Empties the write-ahead log as a favour: when another process is reading or writing, the next one does it. */
function emptyLog(connection: DatabaseSync): void {
  connection.exec(
    `PRAGMA busy_timeout=0; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA busy_timeout=${BUSY_TIMEOUT_MS}`,
  );
}

/**
 * Makes a complete database beside its final name and links it into place: the switch to WAL wants to be alone, and
 * two first commands at once must both find a finished file.
 */
function create(file: string, migrations: readonly string[]): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  rmSync(draft, { force: true });
  try {
    writeOwnFile(draft, '', PRIVATE);
    const connection = connect(draft);
    connection.exec('PRAGMA journal_mode=WAL');
    migrate(connection, migrations);
    connection.close();
    linkSync(draft, file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
  } finally {
    for (const suffix of ['', '-wal', '-shm']) rmSync(draft + suffix, { force: true });
  }
}

function migrate(connection: DatabaseSync, migrations: readonly string[]): void {
  if (version(connection) === migrations.length) return;
  connection.exec('BEGIN IMMEDIATE');
  const current = version(connection);
  if (current > migrations.length) {
    connection.close();
    throw new EngineError(
      'unsupported',
      `the state database has version ${current}, this skiff knows up to ${migrations.length}`,
      {
        hint: 'a newer skiff has used this store: run that one, or choose another store with --root',
      },
    );
  }
  for (const step of migrations.slice(current)) connection.exec(step);
  connection.exec(`PRAGMA user_version=${migrations.length}; COMMIT`);
}

/** One that was made here has all of its tables from the moment that it has its name. */
function requireFilled(connection: DatabaseSync, file: string): void {
  if (version(connection) > 0) return;
  connection.close();
  throw new EngineError('unavailable', `the state database ${file} is empty, or not skiff's`, {
    hint: 'put it back from a copy; whoever gives the store up deletes its directory',
    subject: file,
  });
}

function version(connection: DatabaseSync): number {
  return Number(connection.prepare('PRAGMA user_version').get()?.['user_version']);
}

function explain(cause: unknown, subject?: string): unknown {
  if (cause instanceof EngineError) return cause;
  const database = subject === undefined ? 'the state database' : `the state database ${subject}`;
  const code = (cause as NodeJS.ErrnoException).code;
  const errcode = isSqliteError(cause) ? cause.errcode & 0xff : undefined;
  if (code === 'EACCES' || code === 'EPERM' || errcode === SQLITE.cannotOpen || errcode === SQLITE.readOnly) {
    return new EngineError('denied', `cannot open ${database}`, {
      subject,
      cause,
      hint:
        process.geteuid?.() === 0
          ? 'its file system may be read-only: choose another store with --root'
          : 'skiff needs root rights: use sudo, or choose a store you can write to with --root',
    });
  }
  if (
    code === 'ENOSPC' ||
    code === 'EDQUOT' ||
    errcode === SQLITE.full ||
    isSqliteCode(cause, SQLITE.sharedSize)
  ) {
    return new EngineError('unavailable', `no space left on device for ${database}`, {
      subject,
      cause,
      hint: 'free some space, or keep the store elsewhere with --root',
    });
  }
  if (code === 'EROFS') {
    return new EngineError('unavailable', `the file system of ${database} is read-only`, { subject, cause });
  }
  if (isSqliteCode(cause, SQLITE.constraintTrigger)) {
    return new EngineError('conflict', 'this store is being removed', {
      subject,
      cause,
      hint: 'choose another one with --root; if nobody removes it, skiff system reset goes on with it',
    });
  }
  if (errcode === SQLITE.busy) {
    return new EngineError('unavailable', `the state database is locked by another process`, {
      subject,
      cause,
    });
  }
  return new EngineError('internal', `${database} cannot be used: ${(cause as Error).message}`, {
    subject,
    cause,
  });
}
