import { formatFindings } from '../../build/lint/format-findings.ts';
import type { CheckOptions } from '../../engine/build/check.ts';
import { checkReport, outlineReport, targetsReport } from '../../engine/build/dockerfile-reports.ts';
import type { Engine } from '../../engine/engine.ts';
import { EngineError } from '../../errors.ts';
import { type BuildClient, dockerfileAlone } from './build-files.ts';
import { clientSecrets } from './client.ts';
import { wantedBuild } from './frontend.ts';
import type { FrontendRequest } from './solve.ts';

/** The attribute by which a frontend is asked for something else than a build. */
const REQUEST = 'requestid';

/** The metadata of a result. */
type Metadata = Readonly<Record<string, string>>;

interface Subrequest {
  description: string;
  opts?: { name: string; description: string }[];
  answer: (engine: Engine, options: CheckOptions) => Promise<Metadata>;
}

/** What clients that know the JSON of another version of it show in its place. */
const VERSION = '1.0.0';

const SUBREQUESTS: Readonly<Record<string, Subrequest>> = {
  'frontend.outline': {
    description: 'List all parameters current build target supports',
    opts: [{ name: 'target', description: 'Target build stage' }],
    answer: async ({ builder }, options) => {
      const { file, outline } = await builder.outline(options);
      return inJson(outlineReport(file, outline));
    },
  },
  'frontend.targets': {
    description: 'List all targets current build supports',
    answer: async ({ builder }, options) => {
      const { file, targets } = await builder.targets(options);
      return inJson(targetsReport(file, targets));
    },
  },
  'frontend.lint': { description: 'Lint a Dockerfile', answer: check },
  'frontend.subrequests.describe': {
    description: 'List available subrequest types',
    answer: async () => inJson(described()),
  },
};

/** What a frontend is asked for besides builds; undefined: it is a build. */
export function subrequestOf({ attributes }: FrontendRequest): string | undefined {
  return attributes.get(REQUEST) || undefined;
}

/**
 * Answers what a frontend is asked for besides builds (buildkit, frontend/subrequests); nothing is built. Returns the metadata
 * of the result. Throws `unsupported` for what there is not, and as `wantedBuild`, `dockerfileAlone` and the engine.
 */
export async function answerSubrequest(
  { engine, signal, ...client }: BuildClient & { engine: Engine; signal: AbortSignal },
  request: FrontendRequest,
): Promise<Metadata> {
  const name = subrequestOf(request) ?? '';
  const subrequest = Object.hasOwn(SUBREQUESTS, name) ? SUBREQUESTS[name] : undefined;
  if (subrequest === undefined)
    throw new EngineError('unsupported', `unsupported request ${name}`, {
      subject: name,
      hint: `there are ${Object.keys(SUBREQUESTS).join(', ')}`,
    });
  const attributes = new Map([...request.attributes].filter(([attribute]) => attribute !== REQUEST));
  const wanted = wantedBuild({ ...request, attributes });
  const { target, buildArgs, platforms } = wanted.options;
  const files = await dockerfileAlone(client, wanted);
  const secrets = clientSecrets(client.session);
  const options = { ...files, target, buildArgs, platforms, secrets, signal };
  return { ...(await subrequest.answer(engine, options)), version: VERSION };
}

/** Practices of our own are left out: clients fail for whatever is found. */
async function check({ builder }: Engine, options: CheckOptions): Promise<Metadata> {
  const checked = await builder.check(options);
  const findings = checked.findings.filter(({ url }) => url !== undefined);
  const isWrong = checked.error !== undefined || findings.length > 0;
  return {
    ...inJson(checkReport({ ...checked, findings })),
    'result.txt': checked.error?.message ?? formatFindings(checked.file, findings),
    'result.statuscode': isWrong ? '1' : '0',
  };
}

function described(): object[] {
  const metadata = [{ name: 'result.json' }];
  return Object.entries(SUBREQUESTS).map(([name, { description, opts }]) => ({
    name,
    version: VERSION,
    type: 'rpc',
    description,
    opts,
    metadata,
  }));
}

function inJson(report: object): Metadata {
  return { 'result.json': JSON.stringify(report, undefined, 2) };
}
