import { setTimeout as sleep } from 'node:timers/promises';
import { TransportFailure } from './errors.ts';
import { drain, type HttpRequest, type HttpResponse, type Transport } from './transport.ts';

/** How patient requests are. Times in ms. */
export interface RetryPolicy {
  /** How often a request is sent at most, and how often in a row a blob may break off without progress. */
  attempts: number;
  /** The first pause; each further one is twice as long, up to 30 s, give or take a random half. */
  firstPause: number;
  /** A `Retry-After` beyond this ends the patience at once. */
  longestPause: number;
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 5, firstPause: 500, longestPause: 60_000 };

const BUSY = new Set([429, 500, 502, 503, 504]);

/**
 * Sends a request until it has an answer other than "try again later". The last such answer is returned, the last
 * broken connection thrown as TransportFailure. A refused connection or an unknown host is final, and whoever says
 * nothing at all is only asked twice: each time costs the whole time limit.
 */
export async function sendWithRetries(
  transport: Transport,
  request: HttpRequest,
  policy: RetryPolicy,
): Promise<HttpResponse> {
  for (let attempt = 1; ; attempt++) {
    const last = attempt >= policy.attempts;
    try {
      const response = await transport.send(request);
      const wait = retryAfter(response);
      if (last || !BUSY.has(response.status) || (wait ?? 0) > policy.longestPause) return response;
      await drain(response);
      await pause(attempt, policy, { atLeast: wait, signal: request.signal });
    } catch (error) {
      if (last || !isTemporary(error) || (error.reason === 'timeout' && attempt > 1)) throw error;
      await pause(attempt, policy, { signal: request.signal });
    }
  }
}

/** Whether the same request may well succeed a moment later. */
export function isTemporary(error: unknown): error is TransportFailure {
  return error instanceof TransportFailure && (error.reason === 'broken' || error.reason === 'timeout');
}

/** Waits before try number `attempt + 1`. When the signal aborts, its reason is thrown. */
export async function pause(
  attempt: number,
  policy: RetryPolicy,
  { atLeast = 0, signal }: { atLeast?: number | undefined; signal?: AbortSignal | undefined },
): Promise<void> {
  const backOff = Math.min(policy.firstPause * 2 ** (attempt - 1), 30_000) * (0.5 + Math.random());
  try {
    await sleep(Math.max(atLeast, backOff), undefined, signal && { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** The `Retry-After` of an answer, seconds or a date, in ms from now (RFC 9110, section 10.2.3). */
export function retryAfter(response: HttpResponse): number | undefined {
  const value = response.header('retry-after')?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
