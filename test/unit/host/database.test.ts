import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineError } from '../../../src/errors.ts';
import { Database, isUniqueViolation } from '../../../src/host/database.ts';

const FIRST = 'CREATE TABLE thing (name TEXT PRIMARY KEY) STRICT';
const SECOND = 'ALTER TABLE thing ADD COLUMN size INTEGER';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'skiff-database-'));
  file = join(directory, 'state.db');
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('the state database', () => {
  it('is made with every migration and nothing beside it', () => {
    const database = Database.open(file, [FIRST, SECOND]);
    database.run('INSERT INTO thing (name, size) VALUES (?, ?)', 'a', 1);
    expect(database.all('SELECT * FROM thing')).toEqual([{ name: 'a', size: 1 }]);
    database.close();
    expect(readdirSync(directory)).toEqual(['state.db']);
  });

  it('brings an older version up to date and keeps what is in it', () => {
    const old = Database.open(file, [FIRST]);
    old.run('INSERT INTO thing (name) VALUES (?)', 'kept');
    old.close();
    const database = Database.open(file, [FIRST, SECOND]);
    expect(database.get('SELECT name, size FROM thing')).toEqual({ name: 'kept', size: null });
    database.close();
  });

  it('refuses a file that has been emptied, and one of somebody else, and leaves it as it is', () => {
    for (const migrations of [[], ['CREATE TABLE theirs (x)']]) {
      rmSync(file, { force: true });
      if (migrations.length === 0) writeFileSync(file, '');
      else new DatabaseSync(file).exec(migrations.join());
      const before = readFileSync(file);
      expect(() => Database.open(file, [FIRST])).toThrowError(
        expect.objectContaining({
          kind: 'unavailable',
          message: expect.stringContaining('is empty, or not'),
        }),
      );
      expect(readFileSync(file)).toEqual(before);
    }
  });

  it('refuses a version that is newer than it knows, and leaves it alone', () => {
    Database.open(file, [FIRST, SECOND]).close();
    expect(() => Database.open(file, [FIRST])).toThrowError(expect.objectContaining({ kind: 'unsupported' }));
    Database.open(file, [FIRST, SECOND]).close();
  });

  it('takes back a whole transaction when its body throws', () => {
    const database = Database.open(file, [FIRST]);
    const failing = () =>
      database.transaction(() => {
        database.run('INSERT INTO thing (name) VALUES (?)', 'half');
        throw new EngineError('conflict', 'no');
      });
    expect(failing).toThrowError('no');
    expect(database.all('SELECT * FROM thing')).toEqual([]);
    database.close();
  });

  it('tells a taken key from other errors', () => {
    const database = Database.open(file, [FIRST]);
    const insert = () => database.run('INSERT INTO thing (name) VALUES (?)', 'twice');
    insert();
    expect(insert).toThrowError(expect.toSatisfy(isUniqueViolation));
    expect(() => database.run('INSERT INTO thing (name) VALUES (NULL)')).toThrowError(
      expect.toSatisfy((error) => !isUniqueViolation(error)),
    );
    database.close();
  });

  it('says which file is no database', () => {
    writeFileSync(file, 'not a database at all, and long enough to be one'.repeat(100));
    expect(() => Database.open(file, [FIRST])).toThrowError(
      expect.objectContaining({ kind: 'internal', message: expect.stringContaining(file) }),
    );
  });

  it('says what failed in a transaction in whole words', () => {
    const database = Database.open(file, [FIRST]);
    const full = () =>
      database.transaction(() => {
        database.run('PRAGMA max_page_count=1');
        for (let i = 0; i < 1000; i++)
          database.run('INSERT INTO thing (name) VALUES (?)', `${i}`.repeat(100));
      });
    expect(full).toThrow(/^no space left on device for the state database$/);
    database.close();
  });

  it('keeps its log short although nobody closes it', () => {
    Database.open(file, [FIRST]).close();
    const module = JSON.stringify(resolve(import.meta.dirname, '../../../src/host/database.ts'));
    // Writes forty pages, and ends like a command that becomes another program.
    const script = `import(${module}).then(({ Database }) => {
      const database = Database.open(${JSON.stringify(file)}, ['']);
      const write = (i) => database.run('INSERT INTO thing VALUES (?)', process.pid + '-' + i + 'x'.repeat(4000));
      database.transaction(() => { for (let i = 0; i < 20; i++) write(i); });
      process.kill(process.pid, 'SIGKILL');
    });`;
    const sizes = Array.from({ length: 8 }, () => {
      spawnSync(process.execPath, ['-e', script]);
      return statSync(`${file}-wal`).size;
    });
    expect(Math.max(...sizes)).toBeLessThan(1_000_000);
    const database = Database.open(file, [FIRST]);
    expect(database.get('SELECT count(*) AS n FROM thing')).toEqual({ n: 160 });
    database.close();
  });

  it('lets a second connection wait for the first one to finish writing', () => {
    const one = Database.open(file, [FIRST]);
    const two = Database.open(file, [FIRST]);
    one.transaction(() => one.run('INSERT INTO thing (name) VALUES (?)', 'one'));
    two.transaction(() => two.run('INSERT INTO thing (name) VALUES (?)', 'two'));
    expect(one.all('SELECT name FROM thing ORDER BY name')).toEqual([{ name: 'one' }, { name: 'two' }]);
    one.close();
    two.close();
  });
});

describe('a copy in memory', () => {
  it('has all rows, also those that are in the log alone, and leaves the file as it is', () => {
    const database = Database.open(file, [FIRST, SECOND]);
    database.run('INSERT INTO thing (name, size) VALUES (?, ?), (?, ?)', 'a', 1, 'b', null);
    const bytes = () => ['', '-wal'].map((suffix) => readFileSync(file + suffix).toString('base64'));
    const before = bytes();
    const copy = Database.copyOf(file, [FIRST, SECOND]);
    expect(copy.all('SELECT * FROM thing ORDER BY name')).toEqual([
      { name: 'a', size: 1 },
      { name: 'b', size: null },
    ]);
    copy.transaction(() => copy.run("DELETE FROM thing WHERE name = 'a'"));
    copy.close();
    expect(bytes()).toEqual(before);
    expect(database.all('SELECT name FROM thing')).toHaveLength(2);
    database.close();
  });

  it('is up to date where the file is not, and has what guards the rows', () => {
    const old = Database.open(file, [FIRST]);
    old.run('INSERT INTO thing (name) VALUES (?)', 'kept');
    old.run("CREATE TRIGGER guard BEFORE INSERT ON thing BEGIN SELECT RAISE(ABORT, 'no'); END");
    old.close();
    const copy = Database.copyOf(file, [FIRST, SECOND]);
    expect(copy.get('SELECT name, size FROM thing')).toEqual({ name: 'kept', size: null });
    expect(() => copy.run("INSERT INTO thing (name) VALUES ('new')")).toThrow();
    copy.close();
    const again = Database.open(file, [FIRST]);
    expect(again.all('SELECT * FROM thing')).toEqual([{ name: 'kept' }]);
    again.close();
  });

  it('keeps to what rows ask of each other', () => {
    const tables = 'CREATE TABLE part (of TEXT REFERENCES thing (name) ON DELETE CASCADE)';
    const database = Database.open(file, [FIRST, tables]);
    database.run("INSERT INTO thing (name) VALUES ('whole')");
    database.run("INSERT INTO part (of) VALUES ('whole')");
    const copy = Database.copyOf(file, [FIRST, tables]);
    expect(copy.all('SELECT * FROM part')).toEqual([{ of: 'whole' }]);
    copy.run("DELETE FROM thing WHERE name = 'whole'");
    expect(copy.all('SELECT * FROM part')).toEqual([]);
    copy.close();
    database.close();
  });

  it('is empty where there is no file, and makes none', () => {
    const copy = Database.copyOf(file, [FIRST]);
    expect(copy.all('SELECT * FROM thing')).toEqual([]);
    copy.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is refused of a file that a newer version made', () => {
    Database.open(file, [FIRST, SECOND]).close();
    expect(() => Database.copyOf(file, [FIRST])).toThrowError(
      expect.objectContaining({ kind: 'unsupported' }),
    );
  });
});
