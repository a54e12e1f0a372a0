import type { Mistake } from './rule';
import type { AnalysisMetric } from './source';
import { fillQuery, metricKind, QUERY_VARIABLES, variablesIn } from '../judging/metric/query';
import { nearest } from './nearest';
import { countQueries } from '../promql/counts';
import { looksSecret } from '../containers/secret-looks';

type Path = Mistake['path'];
type Prometheus = NonNullable<AnalysisMetric['prometheus']>;

const SOURCES = ['prometheus', 'command', 'webhook', 'containers'] as const;

/** Lists what is wrong with the source of a metric; paths start at the metric. */
export function sourceMistakes(metric: AnalysisMetric): Mistake[] {
  const given = SOURCES.filter((source) => metric[source] !== undefined);
  if (given.length !== 1) {
    const seen = given.length === 0 ? 'none' : given.join(' and ');
    return [{ path: [], message: `expected one of ${SOURCES.join(', ')}, seen ${seen}` }];
  }
  return [...kindMistakes(metric), ...prometheusMistakes(metric), ...httpMistakes(metric)];
}

function kindMistakes(metric: AnalysisMetric): Mistake[] {
  if (metricKind(metric) === 'value') return [];
  return (['missing', 'outliers'] as const)
    .filter((key) => metric[key] !== undefined)
    .map((key) => ({ path: [key], message: 'expected no such setting for counts' }));
}

function prometheusMistakes({ prometheus, service }: AnalysisMetric): Mistake[] {
  if (!prometheus) return [];
  const { query, bad, total } = prometheus;
  const at = (key: string, message: string): Mistake => ({ path: ['prometheus', key], message });
  const missing = wantedQueries(prometheus);
  if (missing) return [missing];
  const queries = Object.entries({ query, bad, total }).filter((entry): entry is [string, string] => !!entry[1]);
  const mistakes = queries.flatMap(([key, text]) => queryMistakes(text, service).map((message) => at(key, message)));
  const windowed = queries.filter(([, text]) => variablesIn(text).includes('window'));
  if (queries.length === 2 && windowed.length === 1) {
    const seen = `seen it in \`${windowed[0]![0]}\` only`;
    mistakes.push({ path: ['prometheus'], message: `expected {{window}} in both of \`bad\` and \`total\`, ${seen}` });
  }
  return mistakes.length > 0 ? mistakes : countMistakes(prometheus);
}

function countMistakes({ bad, total }: Prometheus): Mistake[] {
  if (bad === undefined || total === undefined) return [];
  // The values of variables are not known yet, and make no difference to how it is counted.
  const [b, t] = [bad, total].map((query) => fillQuery(query, { ...PLACEHOLDERS, window: '{{window}}' }));
  const found = countQueries(b!, t!);
  return 'mistake' in found ? [{ path: ['prometheus', found.key], message: found.mistake }] : [];
}

const PLACEHOLDERS = { app: 'a', environment: 'e', service: 's', slot: 'blue', version: 'v', release: 'r' };

function wantedQueries({ query, bad, total }: Prometheus): Mistake | undefined {
  const given = Object.entries({ query, bad, total }).flatMap(([key, text]) => (text === undefined ? [] : [key]));
  if (given.join() === 'query' || given.join() === 'bad,total') return undefined;
  const seen = given.length === 0 ? 'none' : given.join(' and ');
  return { path: ['prometheus'], message: `expected \`query\`, or \`bad\` and \`total\`, seen ${seen}` };
}

function queryMistakes(query: string, service: string | undefined): string[] {
  const names = variablesIn(query);
  const unknown = names.filter((name) => !QUERY_VARIABLES.includes(name as never));
  if (unknown.length > 0) return unknown.map(unknownVariable);
  if (names.includes('service') && service === undefined)
    return ['expected `service` beside the source, because {{service}} stands in the query, seen nothing'];
  if (names.some((name) => ['slot', 'version', 'release'].includes(name))) return [];
  return ['expected {{slot}}, {{version}} or {{release}} in it, as old and new version answer the same otherwise'];
}

function unknownVariable(name: string): string {
  const near = nearest(name, [...QUERY_VARIABLES]);
  const known = QUERY_VARIABLES.map((one) => `{{${one}}}`).join(', ');
  return `expected one of ${known}, seen {{${name}}}${near === undefined ? '' : `; did you mean {{${near}}}?`}`;
}

function httpMistakes({ prometheus, webhook }: AnalysisMetric): Mistake[] {
  const [key, source] = prometheus ? ['prometheus', prometheus] : ['webhook', webhook];
  if (!source) return [];
  const mistakes: Mistake[] = [];
  const say = (path: Path, message: string) => mistakes.push({ path: [key as string, ...path], message });
  const instead = prometheus ? '`bearerToken`, `basicAuth` or `headers`' : '`headers`';
  if (looksSecret(source.url)) say(['url'], `expected no secret in it, seen one (not shown): use ${instead}`);
  if (source.ca !== undefined && !source.url.startsWith('https:')) say(['ca'], 'expected only with an https:// url');
  if (prometheus?.bearerToken && prometheus.basicAuth)
    say(['basicAuth'], 'expected either `bearerToken` or `basicAuth`, seen both');
  return mistakes;
}
