import { describe, expect, it } from 'vitest';
import { withGiven } from '../../../../src/engine/archives/given-config.ts';

const RAN = {
  User: 'app',
  Env: ['A=1', 'B=2'],
  Entrypoint: ['/entry'],
  Cmd: ['run'],
  Labels: { a: '1' },
  ExposedPorts: { '80/tcp': {} },
  Volumes: { '/data': {} },
  WorkingDir: '/srv',
  StopSignal: 'SIGINT',
  Healthcheck: { Test: ['CMD', 'check'], Retries: 2 },
};

describe('the config that a commit is given', () => {
  it('leaves that of the container where it says nothing', () => {
    expect(withGiven(RAN, {})).toEqual(RAN);
    expect(
      withGiven(RAN, {
        User: '',
        Env: [],
        Entrypoint: [],
        Cmd: [],
        Labels: {},
        ExposedPorts: {},
        Volumes: {},
        WorkingDir: '',
        StopSignal: '',
        OnBuild: [],
        Healthcheck: { Test: [], Interval: 0, Retries: 0 },
      }),
    ).toEqual(RAN);
  });

  it('is joined to it: variables, labels, ports, volumes and the check', () => {
    expect(
      withGiven(RAN, {
        Env: ['B=$A "x"\nnext', 'C='],
        Labels: { b: '$2' },
        ExposedPorts: { '53/udp': {} },
        Volumes: { '/more': {} },
        Healthcheck: { Retries: 5 },
      }),
    ).toEqual({
      ...RAN,
      Env: ['A=1', 'B=$A "x"\nnext', 'C='],
      Labels: { a: '1', b: '$2' },
      ExposedPorts: { '80/tcp': {}, '53/udp': {} },
      Volumes: { '/data': {}, '/more': {} },
      Healthcheck: { Test: ['CMD', 'check'], Retries: 5 },
    });
  });

  it('is in its place: user, directory, signal, what builds on it', () => {
    const given = {
      User: 'root',
      WorkingDir: '/',
      StopSignal: 'SIGTERM',
      OnBuild: ['RUN x'],
      Shell: ['/sh'],
    };
    expect(withGiven(RAN, given)).toEqual({ ...RAN, ...given });
  });

  it('has a command with the entrypoint of the container, and an entrypoint without its command', () => {
    expect(withGiven(RAN, { Cmd: ['other'] })).toEqual({ ...RAN, Cmd: ['other'] });
    expect(withGiven(RAN, { Entrypoint: ['/other'] })).toEqual({
      ...RAN,
      Entrypoint: ['/other'],
      Cmd: undefined,
    });
  });
});
