import type { Parameter } from '../../src/api/http/parameter.ts';
import type { Route } from '../../src/api/http/route.ts';

/** Writes, as tables of Markdown, what becomes of every endpoint and its parameters. */
export function endpointTable(routes: readonly Route[]): string {
  const [absent, there] = [true, false].map((isRefused) =>
    routes.filter(({ refused }) => (refused !== undefined) === isRefused),
  ) as [Route[], Route[]];
  return [
    '\n## What there is\n',
    '| endpoint | parameters | different on purpose |',
    '| --- | --- | --- |',
    ...there.map((route) => row([endpoint(route), parameters(route), differences(route)])),
    '\n## What there is not\n',
    'Each of these answers with an error that says why.\n',
    '| endpoints | why |',
    '| --- | --- |',
    ...[...Map.groupBy(absent, ({ refused = '' }) => refused)].map(([why, some]) =>
      row([some.map(endpoint).join(', '), why]),
    ),
    '',
  ].join('\n');
}

function endpoint({ method, path }: Route): string {
  return `\`${method} ${path.replace('...', '')}\``;
}

function parameters({ query = {}, headers = [] }: Route): string {
  const read = Object.entries(query).filter(([, parameter]) => refusal(parameter) === undefined);
  return [...read.map(([name]) => name), ...headers].map(code).join(' ');
}

function differences({ query = {}, differs }: Route): string {
  const each = Object.entries(query).flatMap(([name, parameter]) => {
    if (typeof parameter === 'string') return [];
    const { refused, unless } = parameter;
    const but = unless === undefined ? '' : `, but for \`${unless}\``;
    return [
      ...(parameter.differs === undefined ? [] : [`${code(name)}: ${parameter.differs}`]),
      ...(refused === undefined ? [] : [`${code(name)} is refused${but}: ${refused}`]),
    ];
  });
  return [...(differs === undefined ? [] : [differs]), ...each].join('; ');
}

function refusal(parameter: Parameter): string | undefined {
  return typeof parameter === 'string' ? undefined : parameter.refused;
}

function code(text: string): string {
  return `\`${text}\``;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
