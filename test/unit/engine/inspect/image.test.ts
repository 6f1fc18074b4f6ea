import { expect, it } from 'vitest';
import { inspectImage } from '../../../../src/engine/inspect/image.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { useContext } from '../fixtures.ts';

const room = useContext();

/** As a script reads it: what Go leaves out of the JSON is not there. */
function inspect(config: object): Record<string, unknown> {
  const text = JSON.stringify({ ...config, rootfs: { type: 'layers', diff_ids: [] } });
  const image = { id: digestOf(text), config: text, layers: [], size: 1, createdAt: 1 };
  return JSON.parse(JSON.stringify(inspectImage(room.context, { image, name: undefined })));
}

it('shows an image that says little as Docker does', () => {
  const image = inspect({});
  expect(image).toMatchObject({ Os: 'linux', Parent: '', Comment: '', Author: '', DockerVersion: '' });
  for (const absent of ['Created', 'Variant', 'OsVersion', 'Descriptor', 'Manifests'])
    expect(image).not.toHaveProperty(absent);
});

it('shows of its config the defaults for containers, and not what only containers have', () => {
  expect(inspect({ config: { Cmd: ['sh'], Hostname: 'host', Tty: true } })['Config']).toEqual({
    User: '',
    Env: null,
    Cmd: ['sh'],
    Volumes: null,
    WorkingDir: '',
    Entrypoint: null,
    OnBuild: null,
    Labels: null,
  });
});

it('shows which Docker has built it, and for which version of a system, where it says so', () => {
  expect(
    inspect({ docker_version: '20.10', 'os.version': '10.0', created: '2020-01-01T00:00:00Z' }),
  ).toMatchObject({
    DockerVersion: '20.10',
    OsVersion: '10.0',
    Created: '2020-01-01T00:00:00Z',
  });
  expect(inspect({ docker_version: 3 })).toMatchObject({ DockerVersion: '' });
});
