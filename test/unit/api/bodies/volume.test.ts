import { describe, expect, it } from 'vitest';
import { volumeOptions } from '../../../../src/api/bodies/volume.ts';
import { JsonObject } from '../../../../src/api/http/json.ts';

const read = (body: object) => volumeOptions(new JsonObject(body));

/** The members of VolumeCreateOptions in Docker's API 1.24 to 1.51, each with what it cannot be. */
const MEMBERS = {
  Name: 1,
  Driver: 1,
  DriverOpts: { a: 1 },
  Labels: ['a'],
  ClusterVolumeSpec: { Group: 'g' },
};

describe('a body that makes a volume', () => {
  it.each(Object.entries(MEMBERS))('has no %s that is %j', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(name);
  });

  it('is what its members say', () => {
    expect(
      read({
        Name: 'v',
        Driver: 'local',
        DriverOpts: { type: 'tmpfs' },
        Labels: { a: 'b' },
        ClusterVolumeSpec: null,
      }),
    ).toEqual({ name: 'v', driver: 'local', options: { type: 'tmpfs' }, labels: { a: 'b' } });
  });

  it('needs none of them', () => {
    expect(read({ Name: '', DriverOpts: null })).toEqual({});
  });
});
