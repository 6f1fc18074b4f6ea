/**
 * What Docker's Engine API 1.51 documents: operations with the names of their query parameters and, with a capital letter, of
 * their headers. Bodies and what belongs to all answers are not here.
 */
export const DOCUMENTED = operations(`
GET /_ping
HEAD /_ping
POST /auth
POST /build: dockerfile t extrahosts remote q nocache cachefrom pull rm forcerm memory memswap cpushares cpusetcpus
  cpuperiod cpuquota buildargs shmsize squash labels networkmode platform target outputs version
  X-Registry-Config
POST /build/prune: keep-storage reserved-space max-used-space min-free-space all filters
POST /commit: container repo tag comment author pause changes
GET /configs: filters
POST /configs/create
GET /configs/{id}
DELETE /configs/{id}
POST /configs/{id}/update: version
GET /containers/json: all limit size filters
POST /containers/create: name platform
POST /containers/prune: filters
DELETE /containers/{id}: v force link
HEAD /containers/{id}/archive: path
GET /containers/{id}/archive: path
PUT /containers/{id}/archive: path noOverwriteDirNonDir copyUIDGID
POST /containers/{id}/attach: detachKeys logs stream stdin stdout stderr
GET /containers/{id}/attach/ws: detachKeys logs stream stdin stdout stderr
GET /containers/{id}/changes
POST /containers/{id}/exec
GET /containers/{id}/export
GET /containers/{id}/json: size
POST /containers/{id}/kill: signal
GET /containers/{id}/logs: follow stdout stderr since until timestamps tail
POST /containers/{id}/pause
POST /containers/{id}/rename: name
POST /containers/{id}/resize: h w
POST /containers/{id}/restart: signal t
POST /containers/{id}/start: detachKeys
GET /containers/{id}/stats: stream one-shot
POST /containers/{id}/stop: signal t
GET /containers/{id}/top: ps_args
POST /containers/{id}/unpause
POST /containers/{id}/update
POST /containers/{id}/wait: condition
GET /distribution/{name}/json
GET /events: since until filters
GET /exec/{id}/json
POST /exec/{id}/resize: h w
POST /exec/{id}/start
POST /images/create: fromImage fromSrc repo tag message changes platform X-Registry-Auth
GET /images/get: names platform
GET /images/json: all filters shared-size digests manifests
POST /images/load: quiet platform
POST /images/prune: filters
GET /images/search: term limit filters
DELETE /images/{name}: force noprune platforms
GET /images/{name}/get: platform
GET /images/{name}/history: platform
GET /images/{name}/json: manifests
POST /images/{name}/push: tag platform X-Registry-Auth
POST /images/{name}/tag: repo tag
GET /info
GET /networks: filters
POST /networks/create
POST /networks/prune: filters
GET /networks/{id}: verbose scope
DELETE /networks/{id}
POST /networks/{id}/connect
POST /networks/{id}/disconnect
GET /nodes: filters
GET /nodes/{id}
DELETE /nodes/{id}: force
POST /nodes/{id}/update: version
GET /plugins: filters
POST /plugins/create: name
GET /plugins/privileges: remote
POST /plugins/pull: remote name X-Registry-Auth
DELETE /plugins/{name}: force
POST /plugins/{name}/disable: force
POST /plugins/{name}/enable: timeout
GET /plugins/{name}/json
POST /plugins/{name}/push
POST /plugins/{name}/set
POST /plugins/{name}/upgrade: remote X-Registry-Auth
GET /secrets: filters
POST /secrets/create
GET /secrets/{id}
DELETE /secrets/{id}
POST /secrets/{id}/update: version
GET /services: filters status
POST /services/create: X-Registry-Auth
GET /services/{id}: insertDefaults
DELETE /services/{id}
GET /services/{id}/logs: details follow stdout stderr since timestamps tail
POST /services/{id}/update: version registryAuthFrom rollback X-Registry-Auth
POST /session
GET /swarm
POST /swarm/init
POST /swarm/join
POST /swarm/leave: force
POST /swarm/unlock
GET /swarm/unlockkey
POST /swarm/update: version rotateWorkerToken rotateManagerToken rotateManagerUnlockKey
GET /system/df: type
GET /tasks: filters
GET /tasks/{id}
GET /tasks/{id}/logs: details follow stdout stderr since timestamps tail
GET /version
GET /volumes: filters
POST /volumes/create
POST /volumes/prune: filters
GET /volumes/{name}
PUT /volumes/{name}: version
DELETE /volumes/{name}: force
`);

/**
 * What 1.51 does not document and clients send all the same: what older versions document, or Docker's own clients know of.
 */
export const BEYOND = operations(`
POST /build: buildid cgroupparent cpusetmems isolation securityopt session ulimits
POST /build/cancel: id
GET /containers/{id}/logs: details
POST /containers/{id}/start: checkpoint checkpoint-dir
GET /distribution/{name}/json: X-Registry-Auth
POST /grpc
GET /images/json: filter
GET /images/{name}/json: platform
POST /images/{name}/tag: force
`);

/** An operation, with the names of the path's parameters erased: `GET /containers/{}/json`. */
export interface Operation {
  key: string;
  parameters: readonly string[];
  headers: readonly string[];
}

/** `GET /containers/{name...}/json` → `GET /containers/{}/json`. */
export function operationKey(method: string, path: string): string {
  return `${method} ${path.replace(/\{[^}]*\}/g, '{}')}`;
}

function operations(text: string): ReadonlyMap<string, Operation> {
  const lines = text.trim().replace(/\n +/g, ' ').split('\n');
  return new Map(
    lines.map((line) => {
      const [, method = '', path = '', names = ''] = /^([A-Z]+) ([^:]+)(?:: (.*))?$/.exec(line) ?? [];
      const words = names.split(' ').filter((word) => word !== '');
      const [headers, parameters] = [/^[A-Z]/, /^[^A-Z]/].map((kind) =>
        words.filter((word) => kind.test(word)),
      ) as [string[], string[]];
      const key = operationKey(method, path);
      return [key, { key, parameters, headers }];
    }),
  );
}
