import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readHostFacts, thermalThrottlePaths } from '../../../../src/runtime/spec/host-facts.ts';

describe('readHostFacts', () => {
  const facts = readHostFacts({ deviceControl: false, keepsLimits: false });

  it('knows this process’s limits as prlimit(2) does', () => {
    expect(facts.openFiles).toBeGreaterThan(0);
    expect(facts.hardLimit(7)).toBe(facts.openFiles);
    for (let resource = 0; resource < 16; resource += 1)
      expect(facts.hardLimit(resource)).toBeGreaterThanOrEqual(0);
  });

  it('knows its OOM score, and says that no device rules hold unless it is told', () => {
    expect(Math.abs(facts.oomScoreAdj)).toBeLessThanOrEqual(1000);
    expect(readHostFacts({ deviceControl: true, keepsLimits: false })).toMatchObject({
      deviceControl: true,
      keepsLimits: false,
    });
  });

  it('sees devices, directories and what is neither', () => {
    const { mode, uid, gid } = statSync('/dev/null');
    expect(facts.devices.at('/dev/null')).toEqual({
      kind: 'device',
      type: 'c',
      major: 1,
      minor: 3,
      mode: mode & 0o7777,
      uid,
      gid,
    });
    expect(facts.devices.at('/')).toEqual({ kind: 'directory' });
    expect(facts.devices.at('/proc/self/stat')).toEqual({ kind: 'other' });
    expect(facts.devices.at('/nothing/here')).toBeUndefined();
  });

  it('lists a directory without following its links', () => {
    const directory = mkdtempSync(join(tmpdir(), 'skiff-facts-'));
    mkdirSync(join(directory, 'b'));
    symlinkSync('b', join(directory, 'c'));
    writeFileSync(join(directory, 'a'), '');
    expect(facts.devices.list(directory)).toEqual([
      { name: 'a', type: 'other' },
      { name: 'b', type: 'directory' },
      { name: 'c', type: 'link' },
    ]);
    rmSync(directory, { recursive: true });
  });
});

describe('thermalThrottlePaths', () => {
  it('are those of each CPU, where the first one has any', () => {
    const directory = mkdtempSync(join(tmpdir(), 'skiff-cpus-'));
    expect(thermalThrottlePaths(directory)).toEqual([]);
    for (const cpu of ['cpu0', 'cpu1'])
      mkdirSync(join(directory, cpu, 'thermal_throttle'), { recursive: true });
    mkdirSync(join(directory, 'cpufreq'));
    expect(thermalThrottlePaths(directory).sort()).toEqual([
      `${directory}/cpu0/thermal_throttle`,
      `${directory}/cpu1/thermal_throttle`,
    ]);
    rmSync(directory, { recursive: true });
  });
});
