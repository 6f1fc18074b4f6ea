import type { IncomingMessage, ServerResponse } from 'node:http';
import type { UploadFault, UploadRegistry } from './upload-registry.ts';

/** A way in which a registry misbehaves during a push, and what has to become of that. */
export interface UploadMisbehaviour {
  what: string;
  /** Told the registry, and another one to which it may lead. */
  arrange(registry: UploadRegistry, other: UploadRegistry): void;
  /** The message of the error; absent: the push goes through. */
  refused?: RegExp;
}

const METHODS = { PATCH: true, PUT: true, POST: true, HEAD: true, GET: true } as const;
type Method = keyof typeof METHODS;

/** Answers requests of a method with a status, those of blobs only. */
export const status =
  (method: Method, code: number, headers: Record<string, string> = {}, body = ''): UploadFault =>
  (request, response) =>
    isOf(method, request) && !!response.writeHead(code, headers).end(body);

const isOf = (method: Method, { method: actual, url = '' }: IncomingMessage) =>
  actual === method && url.includes('/blobs/');

const errors = (code: string, message: string, detail?: unknown) =>
  JSON.stringify({ errors: [{ code, message, detail }] });

/** Refuses manifests. */
const refuse =
  (code: number, body: string): UploadFault =>
  (request, response) =>
    request.url?.includes('/manifests/') === true && !!response.writeHead(code).end(body);

const many = (fault: UploadFault): UploadFault[] => Array.from({ length: 50 }, () => fault);

/** Lets some requests of a method pass before a fault. */
export function behind(count: number, method: Method, fault: UploadFault): UploadFault {
  let seen = 0;
  return (request, response) => isOf(method, request) && ++seen > count && fault(request, response);
}

/** Cuts so many connections after so many bytes of a chunk each; the registry keeps what has come. */
export function cutChunks(times: number, length: number): UploadFault {
  let left = times;
  return (request, response) => {
    if (!isOf('PATCH', request) || left-- <= 0) return false;
    let seen = 0;
    request.on('data', (piece: Buffer) => {
      seen += piece.length;
      if (seen >= length) response.destroy();
    });
    return false;
  };
}

/** Sends bytes without an end. */
function endless(response: ServerResponse): true {
  const piece = Buffer.alloc(65_536, 0x20);
  const more = (): void => {
    if (response.destroyed) return;
    if (response.write(piece)) setImmediate(more);
    else response.once('drain', more);
  };
  more();
  return true;
}

/** Pushes of a blob of several chunks and of a manifest. */
export const UPLOAD_MISBEHAVIOURS: readonly UploadMisbehaviour[] = [
  {
    what: 'takes less of a chunk than it was sent',
    arrange: (registry) => {
      registry.faults = [behind(0, 'PATCH', (...both) => registry.takeOnly(1000, ...both))];
    },
  },
  {
    what: 'says of a chunk that it does not fit',
    arrange: (registry) => {
      registry.faults = [behind(1, 'PATCH', ({ url = '' }, response) => registry.unsatisfied(url, response))];
    },
  },
  {
    what: 'has lost an upload',
    arrange: (registry) => {
      registry.faults = [
        behind(1, 'PATCH', (_, response) => {
          registry.forget();
          return !!response.writeHead(404).end(errors('BLOB_UPLOAD_UNKNOWN', 'unknown'));
        }),
      ];
    },
  },
  {
    what: 'breaks off and has lost the upload, or does not say how far it is',
    arrange: (registry) => {
      registry.faults = [
        behind(1, 'PATCH', (_, response) => !!response.destroy()),
        status('GET', 404),
        behind(1, 'PATCH', (_, response) => !!response.destroy()),
        status('GET', 405),
      ];
    },
  },
  {
    what: 'is busy whatever it is asked',
    arrange: (registry) => {
      registry.faults = [
        status('HEAD', 503),
        status('POST', 502),
        status('PATCH', 429, { 'retry-after': '0' }),
        status('GET', 500),
        status('PUT', 504),
        status('GET', 503),
        refuse(503, ''),
      ];
    },
  },
  {
    what: 'cuts the connection at the end of an upload',
    arrange: (registry) => {
      registry.faults = [
        (request, response) => isOf('PUT', request) && !!response.destroy(),
        // It has all, and nobody hears of it.
        behind(0, 'PUT', (...both) => registry.takeSilently(...both)),
      ];
    },
  },
  {
    what: 'has blobs of another size under the digest',
    arrange: (registry) => {
      registry.faults = [status('HEAD', 200, { 'content-length': '7' })];
    },
  },
  {
    what: 'leads to another registry, without our authorization',
    arrange: (registry, other) => {
      registry.isGuarded = true;
      registry.faults = [
        (request, response) =>
          isOf('POST', request) &&
          !!response.writeHead(202, { location: `http://${other.host}${other.begin()}` }).end(),
      ];
    },
  },
  {
    what: 'forgets tokens in the middle of a chunk',
    arrange: (registry) => {
      registry.isGuarded = true;
      registry.faults = [
        behind(1, 'PATCH', (_, response) => {
          registry.revoke();
          return !!response.destroy();
        }),
      ];
    },
  },
  {
    what: 'answers a manifest with more than anybody wants to read',
    arrange: (registry) => {
      registry.faults = [
        (request, response) => {
          if (request.url?.includes('/manifests/') !== true) return false;
          response.writeHead(201);
          return endless(response);
        },
      ];
    },
  },
  {
    what: 'takes no token in the middle of an upload',
    arrange: (registry) => {
      const challenge = `Bearer realm="http://${registry.host}/token",service="test"`;
      registry.faults = many(status('PATCH', 401, { 'www-authenticate': challenge }));
    },
    refused: /does not let you write blob/,
  },
  {
    what: 'is broken for good',
    arrange: (registry) => {
      registry.faults = many(status('PATCH', 500));
    },
    refused: /answered status 500/,
  },
  {
    what: 'wants to be left alone for an hour',
    arrange: (registry) => {
      registry.faults = [status('PATCH', 429, { 'retry-after': '3600' }, errors('TOOMANYREQUESTS', 'slow'))];
    },
    refused: /allows no more requests at present: slow/,
  },
  {
    what: 'breaks off again and again',
    arrange: (registry) => {
      registry.faults = many((request, response) => isOf('PATCH', request) && !!response.destroy());
    },
    refused: /broke off the connection/,
  },
  ...[
    [403, /denied access to blob/],
    [413, /does not take as much at once/],
    [400, /refused the request for blob .* with status 400/],
    [307, /refused the request for blob .* with status 307/],
  ].map(([code, refused]) => ({
    what: `answers status ${code} to a chunk`,
    arrange: (registry: UploadRegistry) => {
      registry.faults = [status('PATCH', Number(code), { location: '/elsewhere' })];
    },
    refused: refused as RegExp,
  })),
  {
    what: 'has no such repository',
    arrange: (registry) => {
      registry.faults = [status('POST', 404, {}, errors('NAME_UNKNOWN', 'make app first'))];
    },
    refused: /has no place for blob .*: make app first/,
  },
  {
    what: 'leads in a circle',
    arrange: (registry) => {
      registry.faults = many((request, response) => {
        return isOf('HEAD', request) && !!response.writeHead(307, { location: request.url ?? '' }).end();
      });
    },
    refused: /bad redirect: more than 10 in a row/,
  },
  {
    what: 'does not say where an upload goes on',
    arrange: (registry) => {
      registry.faults = [status('POST', 202)];
    },
    refused: /did not say where/,
  },
  {
    what: 'leads to what is no address',
    arrange: (registry) => {
      registry.faults = [status('PATCH', 202, { location: 'file:///etc/passwd' })];
    },
    refused: /bad redirect: it leads to file:/,
  },
  {
    what: 'wants chunks of a tebibyte',
    arrange: (registry) => {
      registry.headers = { 'oci-chunk-min-length': `${2 ** 40}` };
    },
  },
  {
    what: 'knows a blob by another digest',
    arrange: (registry) => {
      registry.faults = [status('PUT', 201, { 'docker-content-digest': `sha256:${'0'.repeat(64)}` })];
    },
    refused: /took blob .* as sha256:0{64} instead of/,
  },
  {
    what: 'refuses the manifest',
    arrange: (registry) => {
      const body = JSON.stringify({
        errors: [
          { code: 'MANIFEST_INVALID', message: 'manifest invalid', detail: {} },
          { code: 'MANIFEST_BLOB_UNKNOWN', message: 'blob unknown', detail: 'sha256:abc' },
        ],
      });
      registry.faults = [refuse(400, body)];
    },
    refused: /refused the request for image .*\/app:\S+ .*: manifest invalid; blob unknown: sha256:abc/,
  },
  {
    what: 'has no room for the manifest',
    arrange: (registry) => {
      registry.faults = [refuse(403, errors('DENIED', 'adding 1 MiB\u001b[31m exceeds the quota of 5 MiB'))];
    },
    refused: /denied access to image .*: adding 1 MiB \[31m exceeds the quota of 5 MiB/,
  },
  {
    what: 'refuses the manifest at length',
    arrange: (registry) => {
      registry.faults = [refuse(400, 'x'.repeat(100 * 1024 * 1024))];
    },
    refused: /refused the request for image .* with status 400$/m,
  },
];
