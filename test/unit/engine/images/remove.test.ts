import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { removeImage } from '../../../../src/engine/images/remove.ts';
import { containerByName, insertContainer } from '../../../../src/engine/store/containers.ts';
import { containerRow, ID, useContext } from '../fixtures.ts';

const room = useContext();

describe('a removal that is refused', () => {
  it('leaves no row of a container whose mark of being gone it has taken', async () => {
    const { database, paths } = room.context;
    insertContainer(database, containerRow({ autoRemove: true }), () => false);
    mkdirSync(paths.gone, { recursive: true });
    const mark = join(paths.gone, ID);
    writeFileSync(mark, '');
    await expect(removeImage(room.context, 'nothing', { force: false })).rejects.toMatchObject({
      kind: 'notFound',
    });
    const isKnown = containerByName(database, 'name') !== undefined;
    expect(isKnown).toBe(existsSync(mark));
  });
});
