import type { Database } from '../../host/database.ts';
import { formatIdentity, isAlive, ownIdentity, parseIdentity } from '../../host/process.ts';
import type { Digest } from '../../oci/digest.ts';

/**
 * A lease keeps blobs and layers from being collected between the moment a process decides to use them and the row
 * that names them. It belongs to a process, and is void once that process is gone.
 */
export function takeLease(database: Database, resources: readonly Digest[]): Lease {
  const owner = ownerName();
  const add = (more: readonly Digest[]) => {
    for (const resource of more)
      database.run('INSERT OR IGNORE INTO lease (owner, resource) VALUES (?, ?)', owner, resource);
  };
  database.transaction(() => add(resources));
  const release = () => void database.run('DELETE FROM lease WHERE owner = ?', owner);
  return {
    add,
    release,
    [Symbol.dispose]() {
      try {
        release();
      } catch {
        // On a full disk, as a rule, of which the error that is on its way tells. It is void when this process is gone.
      }
    },
  };
}

export interface Lease {
  /** Keeps more: as a part of the transaction that runs, if there is one. */
  add(resources: readonly Digest[]): void;
  /** Ends it, as a part of the transaction that runs. Throws when it cannot be written. */
  release(): void;
  /** Ends it. What hinders that hides no other error. */
  [Symbol.dispose](): void;
}

/** Everything under a living lease. Call inside a transaction. */
export function leasedResources(database: Database): Set<string> {
  const rows = database.all('SELECT owner, resource FROM lease');
  const living = rows.filter(({ owner }) => ownerLives(owner as string));
  return new Set(living.map(({ resource }) => resource as string));
}

/** The owners of leases that are void. */
export function deadOwners(database: Database): string[] {
  const owners = database.all('SELECT DISTINCT owner FROM lease').map(({ owner }) => owner as string);
  return owners.filter((owner) => !ownerLives(owner));
}

export function dropDeadLeases(database: Database): void {
  for (const owner of deadOwners(database)) database.run('DELETE FROM lease WHERE owner = ?', owner);
}

/** Whether a process that is at work has one. */
export function hasLivingLease(database: Database): boolean {
  return database.all('SELECT owner FROM lease').some((row) => ownerLives(row['owner'] as string));
}

let counter = 0;

/** `pid starttime n`: several leases of one process are told apart. */
function ownerName(): string {
  counter += 1;
  return `${formatIdentity(ownIdentity())} ${counter}`;
}

function ownerLives(owner: string): boolean {
  const identity = parseIdentity(owner.slice(0, owner.lastIndexOf(' ')));
  return identity !== undefined && isAlive(identity);
}
