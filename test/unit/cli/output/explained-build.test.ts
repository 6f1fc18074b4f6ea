import { expect, it } from 'vitest';
import { renderBuild } from '../../../../src/cli/output/explained-build.ts';
import type { ExplainedBuild, ExplainedStage } from '../../../../src/engine/explain/explained-build.ts';
import type { ExplainedPull } from '../../../../src/engine/explain/pull.ts';
import { digestOf } from '../../../../src/oci/digest.ts';

const digest = digestOf('x');
const layer = { digest, mediaType: 'tar', size: 2_000_000 };
const PULL: ExplainedPull = {
  name: 'docker.io/library/node:22',
  ...{ digest, manifest: digest, id: digest },
  platform: { wanted: 'linux/amd64', asked: false, found: 'linux/amd64' },
  asked: [],
  layers: [
    { ...layer, state: 'here' },
    { ...layer, state: 'missing' },
  ],
  download: 2_000_000,
};

const STAGE: ExplainedStage = {
  ...{ index: 0, name: 'build', line: 1, from: 'image node:22', isNeeded: true },
  neededBy: ['stage-2'],
  steps: [],
};
const waits = 'it depends on what this makes: [build 3/4] RUN make';
const BUILD: ExplainedBuild = {
  dockerfile: 'Dockerfile',
  platform: 'linux/amd64',
  target: 'stage-2',
  images: [
    { name: 'docker.io/library/node:22', state: 'pulled', pull: PULL },
    { name: 'docker.io/library/debian:12', state: 'here' },
  ],
  stages: [
    {
      ...STAGE,
      steps: [
        { label: '[build 2/4]', text: 'COPY . .', line: 2, state: 'cached' },
        {
          ...{ label: '[build 3/4]', text: 'RUN make', line: 3, state: 'done', why: 'environment changed' },
          run: {
            network: 'none',
            security: 'insecure',
            mounts: [
              { type: 'cache', id: '/root/.cache', target: '/root/.cache' },
              { type: 'secret', id: 'token', target: '/run/secrets/token', environment: 'TOKEN' },
              { type: 'bind', target: '/tools', from: 'image tools' },
            ],
          },
        },
        { label: '[build 4/4]', text: 'WORKDIR /x', line: 4, state: 'unknown', why: waits },
      ],
    },
    { ...STAGE, index: 1, name: 'test', line: 5, isNeeded: false, neededBy: [] },
    {
      ...STAGE,
      ...{ index: 2, name: 'stage-2', line: 7, from: 'stage build', neededBy: [] },
      steps: [
        { text: 'ENV A=1', line: 8, state: 'config' },
        { label: '[stage-2 2/3]', text: 'RUN a', line: 9, state: 'unknown', why: waits },
        { label: '[stage-2 3/3]', text: 'RUN b', line: 10, state: 'unknown', why: waits },
      ],
    },
  ],
};

it('says which stages are built, what is pulled, and what becomes of each step', () => {
  expect(renderBuild(BUILD)).toBe(`\
Nothing of this is done. Steps with * are done anew; with ? it depends on steps before.

Build
    dockerfile  Dockerfile
    platform    linux/amd64
    target      stage-2
    steps       1 from the cache, 1 done, 3 not known yet

Images
  * docker.io/library/node:22    is pulled: 1 of 2 layers, 2MB
    docker.io/library/debian:12  is here

Stage build, line 1, on image node:22: needed by stage-2
    [build 2/4]  cached  COPY . .
    [build 3/4]  *       RUN make
                           environment changed
                           network none
                           security insecure: all rights
                           cache on /root/.cache
                           secret token on /run/secrets/token in TOKEN
                           bind on /tools from image tools
    [build 4/4]  ?       WORKDIR /x
                           ${waits}

Stage stage-2, line 7, on stage build: the target
                      ENV A=1
    [stage-2 2/3]  ?  RUN a
                        ${waits}
    [stage-2 3/3]  ?  RUN b

Stages that nothing needs
    test  line 5
`);
});

it('says when nothing makes files, also of a stage without steps, and when all layers of what is pulled are here', () => {
  const text = renderBuild({
    ...BUILD,
    images: [{ name: 'a', state: 'pulled', pull: { ...PULL, layers: [], download: 0 } }],
    stages: [STAGE],
  });
  expect(text).toContain('steps       none that makes files');
  expect(text).toContain('Stage build, line 1, on image node:22: needed by stage-2\n    has no steps\n');
  expect(text).toContain('* a  is pulled: all its layers are here');
});

it('lets nothing of the file command a terminal', () => {
  const steps = [{ text: 'ENV A=\u001b[31m', line: 2, state: 'config' as const }];
  expect(renderBuild({ ...BUILD, stages: [{ ...STAGE, steps }] })).not.toContain('\u001b');
});
