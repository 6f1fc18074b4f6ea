import type { Call } from './call.ts';
import type { Parameters } from './parameter.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';

/** One endpoint of Docker's Engine API, and what answers it. */
export interface Route {
  method: Method;
  /** Without a version: `/containers/{name}/json`. `{name...}` may have slashes in it, as names of images do. */
  path: string;
  query?: Parameters;
  /** The headers that are read, besides those of all requests. */
  headers?: readonly string[];
  /** In what the whole differs from Docker's, on purpose. */
  differs?: string;
  /** Why it is always refused: then no parameter counts. */
  refused?: string;
  /** Loads what answers. */
  load(): Promise<Handler>;
}

/** Answers a call, or throws an `EngineError`, which becomes the answer if none was begun. */
export type Handler = (call: Call) => Promise<void>;

/** A route that fits a request, with the parameters of its path, decoded. */
export interface MatchedRoute {
  route: Route;
  path: Readonly<Record<string, string>>;
}

interface CompiledRoute {
  route: Route;
  pattern: RegExp;
  names: readonly string[];
}

/** Finds the route of a request by method and path; made once. */
export class Router {
  readonly #routes: readonly CompiledRoute[];

  constructor(routes: readonly Route[]) {
    this.#routes = routes.map(compile);
  }

  /** The first that fits; otherwise the methods that the path has, none for an unknown one. `path` is as it came. */
  match(method: string, path: string): MatchedRoute | Method[] {
    const methods: Method[] = [];
    for (const { route, pattern, names } of this.#routes) {
      const found = pattern.exec(path);
      if (found === null) continue;
      if (route.method === method) {
        const values = names.map((name, index) => [name, decode(found[index + 1] ?? '')] as const);
        return { route, path: Object.fromEntries(values) };
      }
      methods.push(route.method);
    }
    return methods;
  }
}

function compile(route: Route): CompiledRoute {
  const names: string[] = [];
  const source = route.path.replace(/[.]|\{(\w+)(\.\.\.)?\}/g, (text, name?: string, rest?: string) => {
    if (name === undefined) return `\\${text}`;
    names.push(name);
    return rest === undefined ? '([^/]+)' : '(.+)';
  });
  return { route, pattern: new RegExp(`^${source}$`), names };
}

/** What is no valid encoding stays as it is: then there is no object of that name. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
