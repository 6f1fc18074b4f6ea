/** A health check's result, as Docker's API has it (`State.Health.Log`), but with times in ms since the epoch. */
export interface HealthCheck {
  started: number;
  ended: number;
  /** -1: it took too long; -2: it could not be started, and the output is `STAGE ERRNO DETAIL`. */
  code: number;
  /** The output: at most 4096 bytes, then `...`. */
  output: string;
}

/** How a container is, as the monitor writes it to RUN/ID/health. */
export interface HealthRecord {
  status: 'starting' | 'healthy' | 'unhealthy';
  /** Failures in a row. */
  streak: number;
  /** The last five, oldest first. */
  checks: HealthCheck[];
}

const PROBE = /^probe (\d+) (\d+) (-?\d+) (\d+)$/;

/** Reads `health`. Undefined for what is none: the file is renamed into place, but a power failure may have emptied it. */
export function parseHealthRecord(bytes: Buffer): HealthRecord | undefined {
  let at = 0;
  const line = (): string | undefined => {
    const end = bytes.indexOf('\n', at);
    const text = end < 0 ? undefined : bytes.toString('latin1', at, end);
    at = end + 1;
    return text;
  };
  const status = /^status (starting|healthy|unhealthy)$/.exec(line() ?? '')?.[1];
  const streak = /^streak (\d+)$/.exec(line() ?? '')?.[1];
  if (status === undefined || streak === undefined) return undefined;
  const checks: HealthCheck[] = [];
  while (at < bytes.length) {
    const probe = PROBE.exec(line() ?? '');
    if (probe === null) break;
    const [started, ended, code, length] = probe.slice(1).map(Number) as [number, number, number, number];
    checks.push({ started, ended, code, output: bytes.toString('utf8', at, at + length) });
    at += length + 1;
  }
  return { status: status as HealthRecord['status'], streak: Number(streak), checks };
}
