import type { EngineError } from '../../errors.ts';
import type { RequestInfo } from '../../registry/transport.ts';
import { renderError } from '../output/error.ts';
import { printError } from '../output/print.ts';
import { visible } from '../text/visible.ts';
import type { Session } from './session.ts';

/** Handlers of what happens at registries while a command uses them. */
export interface RegistryReports {
  warn: (problem: EngineError) => void;
  onRequest?: (info: RequestInfo) => void;
}

/**
 * Shows warnings, and with `--debug` each request, on standard error. Whoever shows something on the terminal that these lines
 * must not run into is given the writing of them as `write`.
 */
export function registryReports(
  { globals }: Session,
  interrupt: (write: () => void) => void = (write) => write(),
): RegistryReports {
  const debug = globals.debug === true;
  const show = (text: string): void => interrupt(() => printError(text));
  return {
    warn: (problem) => show(renderError(problem, { debug, warning: true })),
    ...(debug && { onRequest: (info: RequestInfo) => show(`skiff: ${visible(describeRequest(info))}\n`) }),
  };
}

/** `GET https://registry.example/v2/app/manifests/1: 404 (12 ms)`. */
function describeRequest({ method, url, status, failure, milliseconds }: RequestInfo): string {
  return `${method} ${url}: ${status ?? failure ?? 'no answer'} (${milliseconds.toFixed(0)} ms)`;
}
