import { expect, it } from 'vitest';
import { takeLease } from '../../../../src/engine/store/blob-leases.ts';
import {
  containerById,
  deleteContainer,
  insertContainer,
  recordStarter,
} from '../../../../src/engine/store/containers.ts';
import { markStore, unmarkStore } from '../../../../src/engine/store/mark.ts';
import { MIGRATIONS } from '../../../../src/engine/store/migrations.ts';
import { Database } from '../../../../src/host/database.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { containerRow, ID, useContext } from '../fixtures.ts';

const test = useContext();
const nobody = () => false;
const refused = expect.objectContaining({ kind: 'conflict', message: 'this store is being removed' });

it('a store that is marked takes nothing new from whoever has it open, until the mark is taken back', () => {
  const { database } = test.context;
  const other = Database.open(test.context.paths.database, MIGRATIONS);
  const write = (body: () => void) => () => other.transaction(body);
  try {
    other.transaction(() => insertContainer(other, containerRow(), nobody));
    markStore(database);
    const second = containerRow({ id: 'd'.repeat(64) as typeof ID, name: 'second' });
    expect(write(() => insertContainer(other, second, nobody))).toThrow(refused);
    expect(write(() => recordStarter(other, ID, '1 1'))).toThrow(refused);
    expect(() => takeLease(other, [digestOf('layer')])).toThrow(refused);
    other.transaction(() => recordStarter(other, ID, undefined));
    unmarkStore(database);
    other.transaction(() => insertContainer(other, second, nobody));
    markStore(database);
    other.transaction(() => deleteContainer(other, second.id));
    expect(containerById(database, second.id)).toBeUndefined();
  } finally {
    other.close();
  }
});

it('a mark is not set while somebody reads', () => {
  const { database } = test.context;
  const reader = Database.open(test.context.paths.database, MIGRATIONS);
  try {
    reader.run('BEGIN');
    reader.get('SELECT 1 FROM container');
    expect(() => markStore(database)).toThrow(
      expect.objectContaining({ kind: 'conflict', message: 'other commands are reading from this store' }),
    );
    reader.run('COMMIT');
    database.transaction(() => insertContainer(database, containerRow(), nobody));
  } finally {
    reader.close();
  }
});
