/**
 * What COPY and ADD make of files (Dockerfile reference, "ADD" and "COPY"). Trees are scripts of sh; what comes of it are
 * lines of paths in the order of names: `d mode owner path`, `f mode owner path content`, `l path -> target`, `p mode owner path`, `= path name`
 * for another name of a file.
 */
export interface CopyCase {
  /** What is in the context; absent: TREE. */
  context?: string;
  /** What is in the stage before. */
  stage?: string;
  /** An instruction, `\n` and documents below it included. */
  copy: string;
  /** What is in the stage afterwards, or the words with which it is refused. */
  makes: string[] | RegExp;
  /** Where BuildKit of Docker 20.10 does something else, or cannot read it, why that is. */
  unlikeDocker?: string;
}

/** What most cases have as their context. */
export const TREE = `mkdir -p d/sub e; echo a >a; echo b >b.txt; echo c >c.txt; echo f >d/f; echo g >d/sub/g; chmod 700 d/sub
  chmod 755 b.txt; chmod 640 c.txt; ln -s a link; ln -s d dlink; ln -s ../../../a out; ln -s f d/rel; chown 7:8 a d/f`;

export const COPY_CASES: Record<string, CopyCase[]> = {
  'a file': [
    { copy: 'COPY a /x', makes: ['f 644 0:0 x a'] },
    { copy: 'COPY a /', makes: ['f 644 0:0 a a'] },
    { copy: 'COPY b.txt /x', makes: ['f 755 0:0 x b'] },
    { copy: 'COPY a /x/', makes: ['d 755 0:0 x', 'f 644 0:0 x/a a'] },
    { copy: 'COPY a /x/y/z', makes: ['d 755 0:0 x', 'd 755 0:0 x/y', 'f 644 0:0 x/y/z a'] },
    { copy: 'COPY /a ./a/ ../a /x/', makes: ['d 755 0:0 x', 'f 644 0:0 x/a a'] },
    {
      copy: 'COPY a b.txt c.txt /x/',
      makes: ['d 755 0:0 x', 'f 644 0:0 x/a a', 'f 755 0:0 x/b.txt b', 'f 640 0:0 x/c.txt c'],
    },
    { copy: 'COPY a d/f /x/', makes: ['d 755 0:0 x', 'f 644 0:0 x/a a', 'f 644 0:0 x/f f'] },
    { stage: 'mkdir -m 711 x', copy: 'COPY a /x', makes: ['d 711 0:0 x', 'f 644 0:0 x/a a'] },
    { stage: 'echo old >x; chmod 600 x; chown 9 x', copy: 'COPY a /x', makes: ['f 644 0:0 x a'] },
    { stage: 'echo old >x', copy: 'COPY a /x/', makes: /not a directory|not-a-directory|ENOTDIR/ },
    { stage: 'echo old >x', copy: 'COPY a /x/y', makes: /not a directory/ },
    { stage: 'mkdir -p x/a', copy: 'COPY a /x/', makes: /with non-directory|cannot replace to directory/ },
    { copy: 'COPY gone /x', makes: /"?\/?gone"? (?:is )?not (?:in|found)/ },
    { copy: 'COPY a/b /x', makes: /not (?:in|found)|not a directory/ },
  ],
  'links at the source': [
    { copy: 'COPY link /x', makes: ['f 644 0:0 x a'] },
    { copy: 'COPY link /x/', makes: ['d 755 0:0 x', 'f 644 0:0 x/link a'] },
    { copy: 'COPY out /x', makes: ['f 644 0:0 x a'] },
    { copy: 'COPY dlink/f /x/', makes: ['d 755 0:0 x', 'f 644 0:0 x/f f'] },
    {
      copy: 'COPY dlink /x',
      makes: ['d 755 0:0 x', 'f 644 0:0 x/f f', 'l x/rel -> f', 'd 700 0:0 x/sub', 'f 644 0:0 x/sub/g g'],
    },
    { copy: 'COPY d/rel /x/', makes: ['d 755 0:0 x', 'f 644 0:0 x/rel f'] },
    {
      context: 'ln -s /etc/passwd passwd; ln -s gone dangling; echo a >a',
      copy: 'COPY passwd /x',
      makes: /passwd"? (?:is )?not (?:in|found)/,
    },
    {
      context: 'mkdir d; ln -s /etc/passwd d/passwd; ln -s ../.. d/up',
      copy: 'COPY d /',
      makes: ['l passwd -> /etc/passwd', 'l up -> ../..'],
    },
  ],
  'a directory': [
    {
      copy: 'COPY d /x',
      makes: ['d 755 0:0 x', 'f 644 0:0 x/f f', 'l x/rel -> f', 'd 700 0:0 x/sub', 'f 644 0:0 x/sub/g g'],
    },
    {
      copy: 'COPY d/ /x/',
      makes: ['d 755 0:0 x', 'f 644 0:0 x/f f', 'l x/rel -> f', 'd 700 0:0 x/sub', 'f 644 0:0 x/sub/g g'],
    },
    { copy: 'COPY d/sub /x', makes: ['d 755 0:0 x', 'f 644 0:0 x/g g'] },
    { copy: 'COPY e /x', makes: ['d 755 0:0 x'] },
    {
      copy: 'COPY d e a /x/',
      makes: [
        'd 755 0:0 x',
        'f 644 0:0 x/a a',
        'f 644 0:0 x/f f',
        'l x/rel -> f',
        'd 700 0:0 x/sub',
        'f 644 0:0 x/sub/g g',
      ],
    },
    {
      stage: 'mkdir -p x/sub; chmod 711 x x/sub; echo h >x/sub/h',
      copy: 'COPY d /x',
      makes: [
        'd 711 0:0 x',
        'f 644 0:0 x/f f',
        'l x/rel -> f',
        'd 700 0:0 x/sub',
        'f 644 0:0 x/sub/g g',
        'f 644 0:0 x/sub/h h',
      ],
    },
    { stage: 'echo old >x', copy: 'COPY d /x', makes: /non-directory|not a directory/ },
    { stage: 'mkdir x; echo old >x/sub', copy: 'COPY d /x', makes: /non-directory|not a directory/ },
    { stage: 'mkdir -p x/f/in', copy: 'COPY d /x', makes: /with non-directory|cannot replace to directory/ },
    {
      stage: 'mkdir x; ln -s gone x/f',
      copy: 'COPY d /x',
      makes: ['d 755 0:0 x', 'f 644 0:0 x/f f', 'l x/rel -> f', 'd 700 0:0 x/sub', 'f 644 0:0 x/sub/g g'],
    },
  ],
  'links at the destination': [
    {
      stage: 'mkdir real; ln -s real x',
      copy: 'COPY a /x',
      makes: ['d 755 0:0 real', 'f 644 0:0 real/a a', 'l x -> real'],
    },
    {
      stage: 'mkdir real; ln -s real x',
      copy: 'COPY a /x/y',
      makes: ['d 755 0:0 real', 'f 644 0:0 real/y a', 'l x -> real'],
    },
    {
      stage: 'mkdir real; ln -s /real x',
      copy: 'COPY e a /x/',
      makes: ['d 755 0:0 real', 'f 644 0:0 real/a a', 'l x -> /real'],
    },
    {
      stage: 'ln -s ../../../tmp/out x',
      copy: 'COPY a /x/',
      makes: ['d 755 0:0 tmp', 'd 755 0:0 tmp/out', 'f 644 0:0 tmp/out/a a', 'l x -> ../../../tmp/out'],
    },
    { stage: 'ln -s fresh x', copy: 'COPY a /x', makes: ['f 644 0:0 fresh a', 'l x -> fresh'] },
    { stage: 'echo old >real; ln -s real x', copy: 'COPY a /x', makes: ['f 644 0:0 real a', 'l x -> real'] },
    {
      stage: 'ln -s x x',
      copy: 'COPY a /x/',
      makes: /too many (?:levels of symbolic )?links|too many links/,
    },
    {
      context: 'mkdir -p r/lib; echo l >r/lib/l',
      stage: 'mkdir -p usr/lib; ln -s usr/lib lib; echo u >usr/lib/u',
      copy: 'COPY r /',
      makes: [
        'l lib -> usr/lib',
        'd 755 0:0 usr',
        'd 755 0:0 usr/lib',
        'f 644 0:0 usr/lib/l l',
        'f 644 0:0 usr/lib/u u',
      ],
      unlikeDocker: 'it refuses a directory in the place of a link to one',
    },
    {
      context: 'mkdir -p r/lib; echo l >r/lib/l',
      stage: 'mkdir -p sys x; ln -s /sys x/lib',
      copy: 'COPY r /x',
      makes: ['d 755 0:0 sys', 'f 644 0:0 sys/l l', 'd 755 0:0 x', 'l x/lib -> /sys'],
      unlikeDocker: 'it refuses a directory in the place of a link to one',
    },
    { context: 'mkdir -p r/lib', stage: 'ln -s gone lib', copy: 'COPY r /', makes: /non-directory/ },
  ],
  wildcards: [
    { copy: 'COPY *.txt /x/', makes: ['d 755 0:0 x', 'f 755 0:0 x/b.txt b', 'f 640 0:0 x/c.txt c'] },
    { copy: 'COPY ?.txt /x/', makes: ['d 755 0:0 x', 'f 755 0:0 x/b.txt b', 'f 640 0:0 x/c.txt c'] },
    { copy: 'COPY [a-b]* /x/', makes: ['d 755 0:0 x', 'f 644 0:0 x/a a', 'f 755 0:0 x/b.txt b'] },
    {
      copy: 'COPY */f /x/',
      makes: ['d 755 0:0 x', 'f 644 0:0 x/f f'],
      unlikeDocker: 'it trips over a file in the place of the directory',
    },
    {
      copy: 'COPY d* /x/',
      makes: ['d 755 0:0 x', 'f 644 0:0 x/f f', 'l x/rel -> f', 'd 700 0:0 x/sub', 'f 644 0:0 x/sub/g g'],
    },
    { copy: 'COPY d/s* /x', makes: ['d 755 0:0 x', 'f 644 0:0 x/g g'] },
    { copy: 'COPY b* /x', makes: ['f 755 0:0 x b'] },
    { context: "echo 1 >'a[0].txt'; echo 2 >a0.txt", copy: 'COPY a[[]0].txt /x', makes: ['f 644 0:0 x 1'] },
    {
      context: 'echo a >a; mkdir -p x1 x2; echo 1 >x1/f; echo 2 >x2/f',
      copy: 'COPY x* /y/',
      makes: ['d 755 0:0 y', 'f 644 0:0 y/f 2'],
    },
  ],
  'owners and modes': [
    { copy: 'COPY --chown=5:6 a d/sub /x/', makes: ['d 755 5:6 x', 'f 644 5:6 x/a a', 'f 644 5:6 x/g g'] },
    { copy: 'COPY --chown=5 a /x', makes: ['f 644 5:5 x a'] },
    {
      stage: 'mkdir etc; echo me:x:12:34::/:/x >etc/passwd; echo us:x:56: >etc/group',
      copy: 'COPY --chown=me a /x',
      makes: [
        'd 755 0:0 etc',
        'f 644 0:0 etc/group us:x:56:',
        'f 644 0:0 etc/passwd me:x:12:34::/:/x',
        'f 644 12:34 x a',
      ],
    },
    {
      stage: 'mkdir etc; echo me:x:12:34::/:/x >etc/passwd; echo us:x:56: >etc/group',
      copy: 'COPY --chown=me:us a /x',
      makes: [
        'd 755 0:0 etc',
        'f 644 0:0 etc/group us:x:56:',
        'f 644 0:0 etc/passwd me:x:12:34::/:/x',
        'f 644 12:56 x a',
      ],
    },
    { copy: 'COPY --chown=nobody-here a /x', makes: /nobody-here/ },
    {
      copy: 'COPY --chmod=640 a d/sub /x/',
      makes: ['d 755 0:0 x', 'f 640 0:0 x/a a', 'f 640 0:0 x/g g'],
      unlikeDocker: 'its syntax is older',
    },
    { copy: 'COPY --chmod=4711 a /x', makes: ['f 4711 0:0 x a'], unlikeDocker: 'its syntax is older' },
    {
      copy: 'COPY --chmod=u=rwX,go=rX d /x',
      makes: ['d 755 0:0 x', 'f 644 0:0 x/f f', 'l x/rel -> f', 'd 755 0:0 x/sub', 'f 644 0:0 x/sub/g g'],
      unlikeDocker: 'its syntax is older',
    },
    {
      copy: 'COPY --chmod=+x a b.txt /x/',
      makes: ['d 755 0:0 x', 'f 755 0:0 x/a a', 'f 755 0:0 x/b.txt b'],
      unlikeDocker: 'its syntax is older',
    },
    { copy: 'COPY --chmod=g=u,o-r c.txt /x', makes: ['f 660 0:0 x c'], unlikeDocker: 'its syntax is older' },
    { copy: 'COPY --chmod=9 a /x', makes: /invalid chmod|unknown flag/, unlikeDocker: 'its syntax is older' },
    {
      context: 'mkdir s; echo a >s/a; chmod 4755 s/a; mkdir -m 1777 s/t; chmod 2750 s',
      copy: 'COPY s /x',
      makes: ['d 755 0:0 x', 'f 4755 0:0 x/a a', 'd 1777 0:0 x/t'],
    },
    {
      context: 'mkdir s; echo a >s/a; chown 7:8 s/a; chmod 4755 s/a',
      copy: 'COPY --chown=5:6 s/a /x',
      makes: ['f 4755 5:6 x a'],
    },
  ],
  'odd files': [
    {
      context: 'mkdir s; echo a >s/a; ln s/a s/b',
      copy: 'COPY s /',
      makes: ['f 644 0:0 a a', '= b a'],
    },
    {
      context: 'mkdir s; mkfifo s/p; echo a >s/a',
      copy: 'COPY s /',
      makes: ['f 644 0:0 a a', 'p 644 0:0 p'],
      unlikeDocker: 'it loses fifos',
    },
    {
      context: `mkdir s; python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("s/s")'; echo a >s/a`,
      copy: 'COPY s /',
      makes: ['f 644 0:0 a a'],
      unlikeDocker: 'it makes an empty file of a socket',
    },
    {
      context: 'mkdir s; mknod s/n c 1 3; echo a >s/a',
      copy: 'COPY s /',
      makes: ['f 644 0:0 a a', 'c 644 0:0 n 1:3'],
      unlikeDocker: 'it makes an empty file of a device',
    },
  ],
  'ignore files': [
    {
      context: `${TREE}; printf '%s\\n' d '!d/sub' .dockerignore '*link' out >.dockerignore`,
      copy: 'COPY . /',
      makes: [
        'f 644 0:0 a a',
        'f 755 0:0 b.txt b',
        'f 640 0:0 c.txt c',
        'd 755 0:0 d',
        'd 700 0:0 d/sub',
        'f 644 0:0 d/sub/g g',
        'd 755 0:0 e',
      ],
    },
    {
      context: `${TREE}; printf '%s\\n' '**' '!**/*.txt' >.dockerignore`,
      copy: 'COPY . /',
      makes: ['f 755 0:0 b.txt b', 'f 640 0:0 c.txt c'],
    },
    {
      context: `${TREE}; printf '%s\\n' '*' '!d/sub/g' >.dockerignore`,
      copy: 'COPY . /',
      makes: ['d 755 0:0 d', 'd 700 0:0 d/sub', 'f 644 0:0 d/sub/g g'],
    },
    { context: `${TREE}; echo a >.dockerignore`, copy: 'COPY a /x', makes: /not (?:in|found)/ },
    { context: `${TREE}; echo a >.dockerignore`, copy: 'COPY a b.txt /x/', makes: /not (?:in|found)/ },
    { context: `${TREE}; echo d >.dockerignore`, copy: 'COPY dlink/f /x', makes: /not (?:in|found)/ },
    { context: `${TREE}; echo 'd/*' >.dockerignore`, copy: 'COPY d /x', makes: ['d 755 0:0 x'] },
  ],
  documents: [
    {
      copy: 'COPY <<one <<two /x/\n1\none\n2\ntwo',
      makes: ['d 755 0:0 x', 'f 644 0:0 x/one 1', 'f 644 0:0 x/two 2'],
      unlikeDocker: 'its syntax is older',
    },
    {
      copy: 'COPY --chown=5:6 --chmod=700 <<one /x\n1\none',
      makes: ['f 700 5:6 x 1'],
      unlikeDocker: 'its syntax is older',
    },
    {
      copy: 'COPY a <<one /x/\n1\none',
      makes: ['d 755 0:0 x', 'f 644 0:0 x/a a', 'f 644 0:0 x/one 1'],
      unlikeDocker: 'its syntax is older',
    },
  ],
  '--parents': [
    {
      copy: 'COPY --parents d/f a /x/',
      makes: ['d 755 0:0 x', 'f 644 0:0 x/a a', 'd 755 0:0 x/d', 'f 644 0:0 x/d/f f'],
      unlikeDocker: 'its syntax is older',
    },
    {
      copy: 'COPY --parents d/sub/g /',
      makes: ['d 755 0:0 d', 'd 700 0:0 d/sub', 'f 644 0:0 d/sub/g g'],
      unlikeDocker: 'its syntax is older',
    },
    {
      copy: 'COPY --parents ./d/./sub /x/',
      makes: ['d 755 0:0 x', 'd 700 0:0 x/sub', 'f 644 0:0 x/sub/g g'],
      unlikeDocker: 'its syntax is older',
    },
    {
      copy: 'COPY --parents **/g *.txt /x/',
      makes: [
        'd 755 0:0 x',
        'f 755 0:0 x/b.txt b',
        'f 640 0:0 x/c.txt c',
        'd 755 0:0 x/d',
        'd 700 0:0 x/d/sub',
        'f 644 0:0 x/d/sub/g g',
      ],
      unlikeDocker: 'its syntax is older',
    },
    {
      stage: 'mkdir -m 711 -p x/d',
      copy: 'COPY --parents d/f /x/',
      makes: ['d 755 0:0 x', 'd 711 0:0 x/d', 'f 644 0:0 x/d/f f'],
      unlikeDocker: 'its syntax is older',
    },
  ],
  '--exclude and --if-exists': [
    {
      copy: 'COPY --exclude=sub --exclude=r* d /x',
      makes: ['d 755 0:0 x', 'f 644 0:0 x/f f'],
      unlikeDocker: 'its syntax is older',
    },
    {
      copy: 'COPY --exclude=c.* *.txt /x/',
      makes: ['d 755 0:0 x', 'f 755 0:0 x/b.txt b'],
      unlikeDocker: 'its syntax is older',
    },
    { copy: 'COPY --exclude=** d /x', makes: ['d 755 0:0 x'], unlikeDocker: 'its syntax is older' },
    {
      copy: 'COPY --if-exists gone *.gone a /x/',
      makes: ['d 755 0:0 x', 'f 644 0:0 x/a a'],
      unlikeDocker: 'it is an addition',
    },
    { copy: 'COPY --if-exists gone /x/', makes: [], unlikeDocker: 'it is an addition' },
  ],
  archives: [
    {
      context: `${TREE}; tar -cf t.tar --owner=9 --group=10 d`,
      copy: 'ADD t.tar /x',
      makes: [
        'd 755 0:0 x',
        'd 755 9:10 x/d',
        'f 644 9:10 x/d/f f',
        'l x/d/rel -> f',
        'd 700 9:10 x/d/sub',
        'f 644 9:10 x/d/sub/g g',
      ],
    },
    {
      context: `${TREE}; tar -czf t --owner=9 --group=10 d/f`,
      copy: 'ADD t /x/',
      makes: ['d 755 0:0 x', 'd 755 0:0 x/d', 'f 644 9:10 x/d/f f'],
    },
    {
      context: `${TREE}; tar -cJf t --owner=9 --group=10 d/f`,
      copy: 'ADD t /',
      makes: ['d 755 0:0 d', 'f 644 9:10 d/f f'],
    },
    {
      context: `${TREE}; tar -cjf t --owner=9 --group=10 d/f`,
      copy: 'ADD t /',
      makes: ['d 755 0:0 d', 'f 644 9:10 d/f f'],
    },
    {
      context: `${TREE}; tar --zstd -cf t --owner=9 --group=10 d/f`,
      copy: 'ADD t /',
      makes: ['d 755 0:0 d', 'f 644 9:10 d/f f'],
      unlikeDocker: 'it does not know zstd',
    },
    { context: `${TREE}; tar -cf t d/f`, copy: 'COPY t /x/', makes: ['d 755 0:0 x', 'f 644 0:0 x/t *'] },
    { context: 'echo text | gzip -n >t.gz', copy: 'ADD t.gz /x', makes: ['f 644 0:0 x *'] },
    { context: 'echo x >t.tar', copy: 'ADD t.tar /x', makes: ['f 644 0:0 x x'] },
    {
      context: `${TREE}; tar -cf t --owner=9 --group=10 a`,
      stage: 'echo old >a',
      copy: 'ADD t b.txt /',
      makes: ['f 644 9:10 a a', 'f 755 0:0 b.txt b'],
    },
    {
      context: `${TREE}; tar -cf t --owner=9 --group=10 a`,
      copy: 'ADD --chown=5:6 t /x',
      makes: ['d 755 5:6 x', 'f 644 5:6 x/a a'],
      unlikeDocker: 'it gave only the directory away',
    },
    {
      context: `${TREE}; tar -cf t a`,
      copy: 'ADD --unpack=false t /x',
      makes: ['f 644 0:0 x *'],
      unlikeDocker: 'its syntax is older',
    },
    {
      context: 'mkdir -p r/lib; echo l >r/lib/l; tar -cf t --owner=0 --group=0 -C r lib',
      stage: 'mkdir -p usr/lib; ln -s usr/lib lib',
      copy: 'ADD t /',
      makes: ['l lib -> usr/lib', 'd 755 0:0 usr', 'd 755 0:0 usr/lib', 'f 644 0:0 usr/lib/l l'],
      unlikeDocker: 'it replaces the link by a directory',
    },
    {
      context: 'mkdir d; echo x >x; tar -cPf t --transform=s,^,../../up/, x',
      copy: 'ADD t /y',
      makes: ['d 755 0:0 y', 'd 755 0:0 y/up', 'f 644 0:0 y/up/x x'],
    },
  ],
};
