// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of Dockerfiles
import { describe, expect, it } from 'vitest';
import { changeConfig } from '../../../../src/build/stages/change-config.ts';
import type { ExecutionConfig } from '../../../../src/oci/image-config.ts';

const BASE: ExecutionConfig = {
  User: '0:0',
  ExposedPorts: { '80/tcp': {} },
  Env: ['A=1', 'B=2'],
  Cmd: ['sh', '-c', 'echo hi'],
  Volumes: { '/vv': {} },
  WorkingDir: '/tmp',
  Labels: { l1: 'a' },
};

const shell = (line: string) => ['/bin/sh', '-c', line];

/** What differs from the base. */
function changed(changes: string[], base = BASE): ExecutionConfig {
  const config = changeConfig(base, changes);
  const entries = Object.entries(config) as [keyof ExecutionConfig, unknown][];
  return Object.fromEntries(
    entries.filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(base[name])),
  );
}

describe('changeConfig', () => {
  it.each<[string, ExecutionConfig]>([
    ['CMD ["a","b"]', { Cmd: ['a', 'b'] }],
    ['CMD [ "a" , "b" ] ', { Cmd: ['a', 'b'] }],
    ['CMD a b $HOME', { Cmd: shell('a b $HOME') }],
    ['CMD', { Cmd: ['/bin/sh', '-c'] }],
    ['CMD []', {}],
    ["cmd ['a']", { Cmd: shell("['a']") }],
    ['CMD ["a"', { Cmd: shell('["a"') }],
    ['ENTRYPOINT ["x"]', { Entrypoint: ['x'], Cmd: undefined }],
    ['ENTRYPOINT x y', { Entrypoint: shell('x y'), Cmd: undefined }],
    ['ENTRYPOINT []', {}],
    ['ENTRYPOINT', {}],
    ['ENV X=1 Y="a b" Z=\'q $A\'', { Env: ['A=1', 'B=2', 'X=1', 'Y=a b', 'Z=q $A'] }],
    ['ENV X a b c', { Env: ['A=1', 'B=2', 'X=a b c'] }],
    ['ENV  a   b  c ', { Env: ['A=1', 'B=2', 'a=b  c'] }],
    ['ENV A=9', { Env: ['A=9', 'B=2'] }],
    ['ENV X=$A:${A:-def}:${NO:-def}', { Env: ['A=1', 'B=2', 'X=1:1:def'] }],
    ['ENV X=${NO:+x}y${A:+z}', { Env: ['A=1', 'B=2', 'X=yz'] }],
    ['ENV X=\\$B', { Env: ['A=1', 'B=2', 'X=$B'] }],
    ['ENV X=$$', { Env: ['A=1', 'B=2', 'X='] }],
    ['ENV A=\\"x', { Env: ['A="x', 'B=2'] }],
    ['ENV X=a\\ b', { Env: ['A=1', 'B=2', 'X=a b'] }],
    ['ENV PATH=/x:$PATH', { Env: ['A=1', 'B=2', 'PATH=/x:'] }],
    ['  env x=1', { Env: ['A=1', 'B=2', 'x=1'] }],
    ['ENV A=1 \\\n B=3', { Env: ['A=1', 'B=3'] }],
    [
      'EXPOSE 8080 9/udp 100-101',
      { ExposedPorts: { '80/tcp': {}, '8080/tcp': {}, '9/udp': {}, '100/tcp': {}, '101/tcp': {} } },
    ],
    ['EXPOSE 127.0.0.1:80:80', {}],
    ['EXPOSE $A/TCP', { ExposedPorts: { '80/tcp': {}, '1/tcp': {} } }],
    ['LABEL a=b "c d"="e f" g=', { Labels: { l1: 'a', a: 'b', 'c d': 'e f', g: '' } }],
    ['LABEL a b c', { Labels: { l1: 'a', a: 'b c' } }],
    ['LABEL l1=z', { Labels: { l1: 'z' } }],
    ['LABEL a=$A b=c=d', { Labels: { l1: 'a', a: '1', b: 'c=d' } }],
    ['LABEL "a"="b\\"c" d=e\\ f', { Labels: { l1: 'a', a: 'b"c', d: 'e f' } }],
    ['LABEL a=\'q"r\' b="s\'t"', { Labels: { l1: 'a', a: 'q"r', b: "s't" } }],
    ['ONBUILD RUN echo hi', { OnBuild: ['RUN echo hi'] }],
    ['ONBUILD   run   x', { OnBuild: ['run   x'] }],
    ['ONBUILD COPY --from=x $A', { OnBuild: ['COPY --from=x $A'] }],
    ['USER me:you', { User: 'me:you' }],
    ['USER   a b  ', { User: 'a b' }],
    ['USER "a b"', { User: 'a b' }],
    ['USER $A', { User: '1' }],
    ['VOLUME /a /b', { Volumes: { '/vv': {}, '/a': {}, '/b': {} } }],
    ['VOLUME ["/c", "/d e"]', { Volumes: { '/vv': {}, '/c': {}, '/d e': {} } }],
    ['WORKDIR /abs', { WorkingDir: '/abs' }],
    ['WORKDIR rel', { WorkingDir: '/tmp/rel' }],
    ['WORKDIR a b', { WorkingDir: '/tmp/a b' }],
    ['WORKDIR x\nWORKDIR ../y', { WorkingDir: '/tmp/y' }],
    ['HEALTHCHECK NONE', { Healthcheck: { Test: ['NONE'] } }],
    ['HEALTHCHECK CMD true x', { Healthcheck: { Test: ['CMD-SHELL', 'true x'] } }],
    [
      'HEALTHCHECK --interval=1m30s --timeout=500ms --retries=3 --start-period=1.5s --start-interval=2s CMD ["a"]',
      {
        Healthcheck: {
          Test: ['CMD', 'a'],
          Interval: 90e9,
          Timeout: 5e8,
          Retries: 3,
          StartPeriod: 1.5e9,
          StartInterval: 2e9,
        },
      },
    ],
    ['HEALTHCHECK --interval= CMD x', { Healthcheck: { Test: ['CMD-SHELL', 'x'] } }],
    ['# a comment\nUSER me', { User: 'me' }],
  ])('applies %j', (change, expected) => {
    expect(changed([change])).toEqual(expected);
  });

  it.each([
    ['', 'the change "" has no instruction'],
    ['# comment', 'has no instruction'],
    ['FOO x', 'foo is not a valid change command'],
    ['RUN x', 'run is not a valid change command'],
    ['STOPSIGNAL SIGINT', 'stopsignal is not a valid change command'],
    ['SHELL ["a"]', 'shell is not a valid change command'],
    ['constructor x', 'constructor is not a valid change command'],
    ['CMD ["a", 1]', 'list of other things than strings'],
    ['ENV', 'ENV needs an argument'],
    ['ENV X', 'ENV needs a name and a value'],
    ['ENV =x', 'ENV has a value without a name'],
    ['ENV X= Y', 'ENV has "Y" where NAME=VALUE is wanted'],
    ['ENV A="x', 'the closing " is missing'],
    ["ENV A='x", "the closing ' is missing"],
    ['ENV X=${B', 'cannot be expanded'],
    ['ENV X=${NO:?why}', 'NO is not set: why'],
    ['EXPOSE', 'EXPOSE needs an argument'],
    ['EXPOSE 70000', 'invalid port "70000"'],
    ['EXPOSE abc', 'invalid port "abc"'],
    ['EXPOSE 3-1', 'invalid port "3-1"'],
    ['EXPOSE 80/xyz', 'invalid protocol "xyz"'],
    ['LABEL', 'LABEL needs an argument'],
    ['LABEL x', 'LABEL needs a name and a value'],
    ['ONBUILD', 'ONBUILD needs an instruction'],
    ['ONBUILD FROM x', 'FROM cannot be the instruction of an ONBUILD'],
    ['ONBUILD ONBUILD RUN x', 'ONBUILD cannot be the instruction of an ONBUILD'],
    ['ONBUILD maintainer x', 'MAINTAINER cannot be the instruction of an ONBUILD'],
    ['USER', 'USER needs exactly one argument'],
    ['USER --x=1 me', 'USER has no flag --x'],
    ['VOLUME', 'VOLUME needs a path'],
    ['VOLUME [""]', 'a VOLUME cannot be an empty path'],
    ['WORKDIR', 'WORKDIR needs exactly one argument'],
    ['HEALTHCHECK', 'HEALTHCHECK needs NONE, or CMD and a command'],
    ['HEALTHCHECK FOO', 'HEALTHCHECK has "FOO" where NONE or CMD is wanted'],
    ['HEALTHCHECK NONE x', 'HEALTHCHECK NONE takes no arguments'],
    ['HEALTHCHECK CMD', 'HEALTHCHECK CMD has no command'],
    ['HEALTHCHECK CMD []', 'HEALTHCHECK CMD has no command'],
    ['HEALTHCHECK --foo=1 CMD x', 'HEALTHCHECK has no flag --foo'],
    ['HEALTHCHECK --interval CMD x', '--interval of HEALTHCHECK needs a value'],
    ['HEALTHCHECK --interval=x CMD x', 'not "x"'],
    ['HEALTHCHECK --interval=5 CMD x', 'not "5"'],
    ['HEALTHCHECK --interval=0.1ms CMD x', 'cannot be less than 1ms'],
    ['HEALTHCHECK --retries=-1 CMD x', 'not "-1"'],
  ])('refuses %j', (change, message) => {
    expect(() => changeConfig(BASE, [change])).toThrow(message);
  });

  it('goes on with what was changed before', () => {
    const changes = [
      'ENV P=1',
      'ENV Q=$P',
      'WORKDIR /a',
      'WORKDIR b',
      'LABEL x=$P',
      'CMD $P',
      'ONBUILD ENV Z=$P',
    ];
    expect(changed(changes)).toEqual({
      Env: ['A=1', 'B=2', 'P=1', 'Q=1'],
      WorkingDir: '/a/b',
      Labels: { l1: 'a', x: '1' },
      Cmd: shell('$P'),
      OnBuild: ['ENV Z=$P'],
    });
    expect(changed(['ENV P=1\nCMD ["z"]', 'CMD ["y"]'])).toEqual({ Env: ['A=1', 'B=2', 'P=1'], Cmd: ['y'] });
  });

  it('lets an entrypoint drop the command, but not one that is given with it', () => {
    expect(changed(['CMD x', 'ENTRYPOINT ["e"]'])).toEqual({ Cmd: shell('x'), Entrypoint: ['e'] });
    expect(changed(['ENTRYPOINT ["e"]', 'CMD ["x"]'])).toEqual({ Cmd: ['x'], Entrypoint: ['e'] });
  });

  it('has the command and entrypoint of before where they are cleared, as Docker', () => {
    const base = { Entrypoint: ['e'], Cmd: ['c'] };
    expect(changed(['ENTRYPOINT []'], base)).toEqual({});
    expect(changed(['CMD []'], base)).toEqual({ Cmd: [] });
    expect(changed(['ENTRYPOINT []', 'CMD ["z"]'], base)).toEqual({ Cmd: ['z'] });
  });

  it('keeps of a health check what the new one does not say', () => {
    const base = { Healthcheck: { Test: ['CMD-SHELL', 'hc'], Interval: 7e9 } };
    const check = (change: string) => changeConfig(base, [change]).Healthcheck;
    expect(check('HEALTHCHECK CMD new')).toEqual({ Test: ['CMD-SHELL', 'new'], Interval: 7e9 });
    expect(check('HEALTHCHECK NONE')).toEqual({ Test: ['NONE'], Interval: 7e9 });
    expect(check('USER x')).toEqual(base.Healthcheck);
  });

  it('begins with nothing for an import', () => {
    expect(changeConfig({}, ['WORKDIR a', 'ENV A=$B'])).toEqual({ WorkingDir: '/a', Env: ['A='] });
  });

  it('leaves the config that it was given as it is', () => {
    const before = structuredClone(BASE);
    changeConfig(BASE, ['ENV X=1', 'LABEL a=b', 'EXPOSE 1', 'VOLUME /x', 'ONBUILD RUN x']);
    expect(BASE).toEqual(before);
  });
});
