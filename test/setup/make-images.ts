import { IMAGE_NAMES, type ImageName, imageLayout, makeLayout } from '../helpers/image-layouts.ts';

// make-images.ts         makes the images of tests that are missing, one after the other, each behind its lock
// make-images.ts NAME    makes one; the lock is held by whoever calls
const [name] = process.argv.slice(2);
if (name === undefined) for (const each of IMAGE_NAMES) imageLayout(each);
else makeLayout(name as ImageName);
