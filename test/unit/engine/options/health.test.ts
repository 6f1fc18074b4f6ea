import { describe, expect, it } from 'vitest';
import { healthSettings, mergeHealth } from '../../../../src/engine/options/health.ts';
import type { ExecutionConfig, ImageConfig } from '../../../../src/oci/image-config.ts';

function image(config: ExecutionConfig): ImageConfig {
  return {
    architecture: 'amd64',
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: [] },
    history: [],
  };
}

const SECOND = 1e9;
const checked = image({
  Healthcheck: { Test: ['CMD', 'probe', 'it'], Interval: 5 * SECOND, Timeout: 1e5, Retries: 7 },
});

describe('the settings of a health check', () => {
  it('are none where nobody asks for one, or it is NONE', () => {
    expect(healthSettings(image({}), {})).toBeUndefined();
    expect(healthSettings(image({}), { health: { intervalMs: 5000 } })).toBeUndefined();
    expect(healthSettings(checked, { health: { test: ['NONE'] } })).toBeUndefined();
    expect(healthSettings(image({ Healthcheck: { Test: ['NONE'] } }), {})).toBeUndefined();
    expect(healthSettings(image({ Healthcheck: { Test: ['CMD-MAGIC', 'x'] } }), {})).toBeUndefined();
  });

  it('have Docker’s defaults for what nobody says', () => {
    expect(healthSettings(image({}), { health: { test: ['CMD-SHELL', 'true'] } })).toEqual({
      argv: ['/bin/sh', '-c', 'true'],
      intervalMs: 30_000,
      timeoutMs: 30_000,
      startPeriodMs: 0,
      startIntervalMs: 5000,
      retries: 3,
      onFailure: 'none',
    });
  });

  it('are the image’s, in ms, with the user’s on top of them one by one', () => {
    expect(healthSettings(checked, {})).toMatchObject({
      argv: ['probe', 'it'],
      intervalMs: 5000,
      timeoutMs: 1,
      retries: 7,
    });
    expect(
      healthSettings(checked, { health: { retries: 2, intervalMs: 0, onFailure: 'kill' } }),
    ).toMatchObject({
      argv: ['probe', 'it'],
      intervalMs: 5000,
      retries: 2,
      onFailure: 'kill',
    });
    expect(mergeHealth(checked, { test: ['CMD', 'other'] })).toMatchObject({
      test: ['CMD', 'other'],
      retries: 7,
    });
  });

  it('are Docker’s defaults where an image says less than nothing', () => {
    const Healthcheck = { Test: ['CMD', 'probe'], Interval: -1, Timeout: -5 * SECOND, Retries: -2 };
    expect(healthSettings(image({ Healthcheck }), {})).toMatchObject({
      intervalMs: 30_000,
      timeoutMs: 30_000,
      retries: 3,
    });
  });

  it('are run by a shell, the one that was asked for, and not that of the steps of the image', () => {
    const shell = image({ Shell: ['/bin/bash', '-ec'], Healthcheck: { Test: ['CMD-SHELL', 'a | b'] } });
    expect(healthSettings(shell, {})?.argv).toEqual(['/bin/sh', '-c', 'a | b']);
    expect(healthSettings(shell, { shell: [] })?.argv).toEqual(['/bin/sh', '-c', 'a | b']);
    expect(healthSettings(shell, { shell: ['/bin/ash', '-c'] })?.argv).toEqual(['/bin/ash', '-c', 'a | b']);
  });
});
