// Files that the bundler puts into the executable (`with { type: 'file' }`): the import is their path inside it.
declare module '*/skiff-helper' {
  const path: string;
  export default path;
}
declare module '*/hello' {
  const path: string;
  export default path;
}
