interface QueryVariables {
  app: string;
  environment: string;
  /** Absent when the metric is about no service in particular. */
  service?: string;
  slot: string;
  version: string;
  release: string;
  /** A duration as PromQL writes it: `90s`. */
  window: string;
}

export const QUERY_VARIABLES = ['app', 'environment', 'service', 'slot', 'version', 'release', 'window'] as const;

const VARIABLE = /\{\{\s*([^{}]*?)\s*\}\}/g;

export function variablesIn(query: string): string[] {
  return [...new Set([...query.matchAll(VARIABLE)].map(([, name]) => name!))];
}

/** Leaves variables without a value as they are, since validation has refused them. */
export function fillQuery(query: string, variables: QueryVariables): string {
  return query.replace(VARIABLE, (whole, name: string) => variables[name as keyof QueryVariables] ?? whole);
}

interface Sources {
  prometheus?: { query?: string };
  command?: { answers: Answers };
  webhook?: { answers: Answers };
}

/** `counts` are since a moment, `counters` since ever. */
export type Answers = 'value' | 'counts' | 'counters';

export function metricKind({ prometheus, command, webhook }: Sources): 'value' | 'counts' {
  if (prometheus) return prometheus.query === undefined ? 'counts' : 'value';
  return (command?.answers ?? webhook?.answers ?? 'value') === 'value' ? 'value' : 'counts';
}
