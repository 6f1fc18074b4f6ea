import { describe, expect, it } from 'vitest';
import { logSettings } from '../../../../src/runtime/log/options.ts';

const id = '0123456789abcdef'.repeat(4);
const subject = {
  id,
  name: 'mast',
  argv: ['sh', '-c', 'true'],
  imageId: `sha256:${id}`,
  imageName: 'registry.test/ketch:1',
  labels: { team: 'a', 'org.tier': 'b' },
  env: ['HOME=/', 'TIER=1', 'TEAM='],
};
const places = { file: '/c/log', compress: ['skiff', 'compress-log'], maxBytes: 10_000_000, maxFiles: 3 };

const settings = (driver: string, options: Record<string, string> = {}) =>
  logSettings({ driver, options }, subject, places);

describe('the options of log drivers', () => {
  it('have defaults: json-file rotates as the engine says, local as with Docker', () => {
    expect(settings('json-file')).toEqual({
      driver: 'json-file',
      path: '/c/log',
      maxBytes: 10_000_000,
      maxFiles: 3,
      compress: undefined,
      attributes: {},
    });
    expect(settings('local')).toMatchObject({
      maxBytes: 20 * 1024 ** 2,
      maxFiles: 5,
      compress: ['skiff', 'compress-log'],
    });
    expect(settings('none')).toBeUndefined();
  });

  it.each([
    ['500k', 500_000],
    ['1.5m', 1_500_000],
    ['1gb', 1_000_000_000],
    ['-1', 0],
  ])('read the size %s', (size, bytes) => {
    expect(settings('json-file', { 'max-size': size })?.maxBytes).toBe(bytes);
  });

  it('choose labels and variables, by name or by expression', () => {
    const options = { labels: 'team,absent', 'labels-regex': '^org', env: 'TEAM', 'env-regex': '^TI' };
    const chosen = { TEAM: '', TIER: '1', 'org.tier': 'b', team: 'a' };
    expect(settings('json-file', options)?.attributes).toEqual(chosen);
    expect(settings('journald', { 'labels-regex': '^org' })?.attributes).toMatchObject({
      CONTAINER_ID: id.slice(0, 12),
      CONTAINER_ID_FULL: id,
      CONTAINER_NAME: 'mast',
      CONTAINER_TAG: id.slice(0, 12),
      SYSLOG_IDENTIFIER: id.slice(0, 12),
      IMAGE_NAME: 'registry.test/ketch:1',
      ORG_TIER: 'b',
    });
  });

  it('fill in tags', () => {
    const tag = '{{.ID}}|{{ .FullID }}|{{.Name}}|{{.ImageID}}|{{.ImageName}}|{{.Command}}';
    expect(settings('json-file', { tag })?.attributes['tag']).toBe(
      `${id.slice(0, 12)}|${id}|mast|sha256:01234|registry.test/ketch:1|sh -c true`,
    );
  });

  it.each([
    [{}, 'unix:///dev/log'],
    [{ 'syslog-address': 'udp://host' }, 'udp://host:514'],
    [{ 'syslog-address': 'tcp://[::1]:601' }, 'tcp://[::1]:601'],
    [{ 'syslog-address': 'unixgram:///run/s' }, 'unixgram:///run/s'],
  ])('say where syslog is: %j', (options, path) => {
    expect(settings('syslog', options)?.path).toBe(path);
  });

  it.each([
    ['json-file', { 'max-size': '0' }],
    ['json-file', { 'max-file': '0' }],
    ['json-file', { compress: 'true', 'max-file': '1' }],
    ['json-file', { compress: 'yes' }],
    ['json-file', { 'env-regex': '(' }],
    ['json-file', { tag: '{{.ID' }],
    ['json-file', { mode: 'non-blocking' }],
    ['local', { labels: 'team' }],
    ['syslog', { 'syslog-facility': 'nobody' }],
    ['syslog', { 'syslog-address': 'http://host' }],
    ['syslog', { 'syslog-address': 'tcp+tls://host' }],
    ['fluentd', {}],
  ])('refuse %s with %j', (driver, options) => {
    expect(() => settings(driver, options as Record<string, string>)).toThrow();
  });
});
