/**
 * The schema of `state.db`, as steps: entry n leads from version n to n + 1. A step that has landed never changes.
 *
 * - `image`: what Docker calls an image, by its config's digest. `layers` are chainIDs, bottom first; `size` is the
 *   unpacked size in bytes; `config` is the config blob's text.
 * - `manifest`: how an image was served: the manifest's text, and the index that its name led to (not those inside it).
 * - `image_name`: canonical references, `domain/path:tag` or `domain/path@digest`, to manifests, and to the whole index that
 *   the name leads to, when all of it was asked for.
 * - `index_document`: an index that is kept with all that is in it, as long as a name or another index leads to it, or the
 *   image is here that it came with, without a name; not `whole`: something of it was lost since. `index_entry`: what it lists,
 *   in its order: `platform` as `linux/arm64`, `kind` as `EntryKind` has it, `body` the manifest's text (another index is a
 *   document of its own), `config` that of an image.
 * - `container`: `argv` is what it executes, the image's process with what the user asked for on top; `starter` is the
 *   `pid starttime` of the command that made or started it last, until its end has been seen; `ended` is the exit record
 *   of the last run whose end has been seen; `boot` is the kernel's boot_id at its last start; times are ms since the
 *   epoch. Each index would be another page to write, log and read back on the path of `run`.
 * - `layer_size`: unpacked bytes of a layer, noted so that nobody has to count them again.
 * - `network`: `definition` is NetworkDefinition as JSON, `labels` and `options` what the user gave; `last4` and `last6`
 *   are the addresses handed out last, so that one which was just left is not the next one.
 * - `address_lease`, `port_lease`: who has an address of a network, a port of the host. Free again when that container
 *   is not there, or does not run (`engine/leases/addresses.ts`).
 * - `volume`, `volume_use`: `options` are the driver's; who uses a volume are the rows of the second, which come with the
 *   container's and go with it. There are few of them: none of the two has an index.
 * - `snapshot`: what a container's files were at a moment; `number` counts up with each of a container, whatever its clock
 *   says. One with `replaces` is not there yet: an undo is about to put the upper directory there that has this inode.
 * - `container.step`: the `pid starttime` of the process that builds an image, of which the container is a step.
 * - `build_cache`: what steps of builds have made, by the digest of all that decides it: a layer, or nothing (no
 *   `chain_id`); `size` is that of its archive, `bytes` what it takes unpacked. Of kind `mount` a directory that RUN
 *   mounts, by the digest of its id; of kind `blob` which blob (`diff_id`) was made of a layer, by the digest of layer and
 *   compression.
 * - `lease`: blobs and layers that a living process is about to name in a row; nothing may collect them meanwhile.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE image (
    id TEXT PRIMARY KEY,
    config TEXT NOT NULL,
    layers TEXT NOT NULL,
    size INTEGER NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE manifest (
    digest TEXT PRIMARY KEY,
    image_id TEXT NOT NULL REFERENCES image (id) ON DELETE CASCADE,
    media_type TEXT NOT NULL,
    body TEXT NOT NULL,
    index_digest TEXT
  ) STRICT;
  CREATE TABLE image_name (
    name TEXT PRIMARY KEY,
    manifest_digest TEXT NOT NULL REFERENCES manifest (digest) ON DELETE CASCADE,
    updated_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX image_name_manifest ON image_name (manifest_digest);
  CREATE INDEX manifest_image ON manifest (image_id);
  CREATE TABLE container (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    image_id TEXT NOT NULL,
    image_name TEXT NOT NULL,
    layers TEXT NOT NULL,
    argv TEXT NOT NULL,
    options TEXT NOT NULL,
    auto_remove INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    starter TEXT,
    started INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    ended TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE layer_size (
    chain_id TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE lease (
    owner TEXT NOT NULL,
    resource TEXT NOT NULL,
    PRIMARY KEY (owner, resource)
  ) STRICT, WITHOUT ROWID;
  `,
  // `options` of containers came to be grouped by more concerns than `isolation`.
  `
  UPDATE container SET options = json_remove(json_set(options,
    '$.namespaces', json_patch('{}', json_object(
      'hostname', options ->> '$.isolation.hostname', 'network', options ->> '$.isolation.network')),
    '$.files', json_object('readOnly', json(options -> '$.isolation.readOnly')),
    '$.security', json('{}'), '$.devices', json('{}'), '$.stop', json('{}')), '$.isolation')
  WHERE json_type(options, '$.isolation') IS NOT NULL;

  -- The maps of its user namespace as JSON: OwnerMaps.
  ALTER TABLE container ADD COLUMN id_maps TEXT;
  `,
  // Containers came to be started more than once.
  `
  -- 'running' from a start until somebody stops it for good: what a reboot does not change.
  ALTER TABLE container ADD COLUMN wanted TEXT NOT NULL DEFAULT 'stopped';
  ALTER TABLE container ADD COLUMN boot TEXT;
  -- The configuration of its image, once that one was removed by force.
  ALTER TABLE container ADD COLUMN image_config TEXT;
  UPDATE container SET wanted = 'running' WHERE started = 1 AND ended IS NULL AND error IS NULL;
  UPDATE container SET starter = NULL WHERE ended IS NOT NULL;
  `, // Networks came to be.
  `
  CREATE TABLE network (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    definition TEXT NOT NULL,
    labels TEXT NOT NULL,
    options TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last4 TEXT,
    last6 TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE address_lease (
    network_id TEXT NOT NULL REFERENCES network (id) ON DELETE CASCADE,
    address TEXT NOT NULL,
    container_id TEXT NOT NULL,
    -- What the interface is called in the container.
    interface TEXT NOT NULL,
    -- 1: what the container sends elsewhere, in this address's family, goes by this network.
    leads_out INTEGER NOT NULL,
    PRIMARY KEY (network_id, address)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE port_lease (
    protocol TEXT NOT NULL,
    port INTEGER NOT NULL,
    address TEXT NOT NULL,
    container_id TEXT NOT NULL,
    container_port INTEGER NOT NULL,
    -- On which of its networks the container is reached.
    network_id TEXT NOT NULL,
    PRIMARY KEY (protocol, port, address)
  ) STRICT, WITHOUT ROWID;
  `,
  // The end of a --rm container came to be told to who asks later.
  `
  CREATE TABLE departure (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    image_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- JSON: some of those of the container.
    options TEXT NOT NULL,
    -- The record of its end, as its monitor wrote it.
    record TEXT NOT NULL
  ) STRICT;
  `,
  // Volumes came to be.
  `
  CREATE TABLE volume (
    name TEXT PRIMARY KEY,
    driver TEXT NOT NULL,
    labels TEXT NOT NULL,
    options TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    anonymous INTEGER NOT NULL,
    -- What its directory is still called while it is being renamed.
    renamed_from TEXT UNIQUE
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE volume_use (
    container_id TEXT NOT NULL REFERENCES container (id) ON DELETE CASCADE,
    volume TEXT NOT NULL REFERENCES volume (name) ON UPDATE CASCADE,
    PRIMARY KEY (container_id, volume)
  ) STRICT, WITHOUT ROWID;
  `,
  // Snapshots came to be.
  `
  CREATE TABLE snapshot (
    container_id TEXT NOT NULL REFERENCES container (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    replaces TEXT,
    PRIMARY KEY (container_id, name)
  ) STRICT, WITHOUT ROWID;
  `,
  // Indexes came to be kept whole.
  `
  CREATE TABLE index_document (
    digest TEXT PRIMARY KEY,
    media_type TEXT NOT NULL,
    body TEXT NOT NULL,
    whole INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE index_entry (
    index_digest TEXT NOT NULL REFERENCES index_document (digest) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    digest TEXT NOT NULL,
    media_type TEXT NOT NULL,
    platform TEXT,
    kind TEXT NOT NULL,
    body TEXT,
    config TEXT,
    PRIMARY KEY (index_digest, position)
  ) STRICT, WITHOUT ROWID;
  ALTER TABLE image_name ADD COLUMN index_digest TEXT REFERENCES index_document (digest) ON DELETE SET NULL;
  `,
  // Whole indexes came to be loaded without a name: with an image, which keeps them.
  `
  ALTER TABLE index_document ADD COLUMN image_id TEXT REFERENCES image (id) ON DELETE SET NULL;
  `,
  // Images came to be built.
  `
  ALTER TABLE container ADD COLUMN step TEXT;
  CREATE TABLE build_cache (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    description TEXT NOT NULL,
    -- JSON: the parts that the key is the digest of.
    parts TEXT NOT NULL,
    chain_id TEXT,
    diff_id TEXT,
    size INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    uses INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
];
