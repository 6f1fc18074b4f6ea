import type { Explainer } from './words.ts';

/** What is to be mounted for a volume with options; the detail is the volume's directory. */
export const explainHostMount: Explainer = ({ code, detail, reason }) => {
  const name = detail.slice(detail.lastIndexOf('/') + 1);
  return {
    kind: code === 'ENODEV' ? 'unsupported' : 'invalid',
    message: `cannot mount the file system of the volume ${name}: ${reason}`,
    hint:
      code === 'ENODEV'
        ? 'this kernel does not have a file system of that type: see /proc/filesystems'
        : `look at its options, which volume inspect ${name} shows`,
  };
};
