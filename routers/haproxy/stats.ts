import { GROUPS, type Group, type Scope, type Slot } from '../../domain/release';
import type { RouterCounters, SlotCounters } from '../../domain/router';
import { scopeKey } from '../on-host/fragments';
import { ANSWERED_FOR, LATENCY_BOUNDS, OTHER_ERRORS } from './backends';

export const STAT_COMMAND = 'show stat -1 6 -1';

export type StatRow = Record<string, string>;

export function parseStat(text: string): StatRow[] {
  const [head = '', ...lines] = text.trim().split('\n');
  const columns = head.replace(/^# /, '').split(',');
  return lines
    .filter((line) => line.includes(','))
    .map((line) => {
      const cells = line.split(',');
      return Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']));
    });
}

interface GroupRow {
  row: StatRow;
  service: string;
  group: Group;
  /** Tells the backends of one service and group apart; undefined for the one that checks its servers. */
  road: string | undefined;
}

export function rowsOf(rows: StatRow[], scope: Scope): GroupRow[] {
  const prefix = `${scopeKey(scope)}.`;
  return rows.flatMap((row) => {
    if (!row['pxname']?.startsWith(prefix)) return [];
    const [service = '', name, road] = row['pxname'].slice(prefix.length).split('.');
    const group = GROUPS.find((one) => one === name);
    return group ? [{ row, service, group, road }] : [];
  });
}

export function serversOf(rows: StatRow[], scope: Scope, group: Group): GroupRow[] {
  return rowsOf(rows, scope).filter(
    (one) => one.group === group && one.road === undefined && one.row['svname'] !== 'BACKEND',
  );
}

/** True when the leaving process still knows, for each service, a server of this slot that is in use. */
export function stillReaches(leaving: StatRow[], current: StatRow[], scope: Scope, slot: Slot): boolean {
  const places = (rows: StatRow[]) =>
    serversOf(rows, scope, slot).map(({ service, row }) => `${service} ${row['addr']}`);
  const known = new Set(places(leaving));
  const reached = new Set(
    places(current)
      .filter((place) => known.has(place))
      .map((place) => place.split(' ')[0]),
  );
  const services = new Set(rowsOf(current, scope).map(({ service }) => service));
  return [...services].every((service) => reached.has(service));
}

export function inFlight(rows: StatRow[], scope: Scope, group: Group): number {
  return rowsOf(rows, scope)
    .filter((one) => one.group === group && one.row['svname'] === 'BACKEND')
    .reduce((sum, one) => sum + number(one.row, 'scur'), 0);
}

export function sessionsOf(text: string, scope: Scope, group: Group): string[] {
  return [...text.matchAll(/^(0x[0-9a-f]+): .* be=(\S+) /gm)]
    .filter(([, , backend]) => rowsOf([{ pxname: backend! }], scope).some((one) => one.group === group))
    .map(([, id]) => id!);
}

export function allInFlight(rows: StatRow[]): number {
  return rows.filter((row) => row['svname'] === 'BACKEND').reduce((sum, row) => sum + number(row, 'scur'), 0);
}

const ANSWERS = ['hrsp_2xx', 'hrsp_3xx', 'hrsp_4xx', 'hrsp_5xx'];

/** HAProxy counts a request on which it hung up nowhere, so this is the total less all others. */
function hungUp(row: StatRow): number {
  const ended = sum(row, [...ANSWERS, 'hrsp_1xx', 'hrsp_other']);
  return Math.max(0, number(row, 'stot') - number(row, 'scur') - ended);
}

/** A reading while a request begins or ends is off by one, so two readings must agree on this. */
export function hungUpOf(rows: StatRow[], scope: Scope): string {
  return rowsOf(rows, scope)
    .filter(({ row }) => row['svname'] === 'BACKEND')
    .map(({ row }) => hungUp(row))
    .join();
}

/**
 * A request answered only at a second try counts as an error: a version that drops every third is not sound. So does an
 * error of gRPC, whose status is 200.
 *
 * Unanswered requests are not what a backend counts and its servers do not: servers count an answer when it begins, and
 * backends when it has ended, so an error on its way would become an unanswered request.
 */
export function readCounters(rows: StatRow[], table: string, scope: Scope): Omit<RouterCounters, 'process'> {
  const counts = parseTable(table);
  const groups: Record<Group, Record<string, SlotCounters>> = { blue: {}, green: {}, baseline: {} };
  for (const { row, service, group, road } of rowsOf(rows, scope)) {
    if (row['svname'] !== 'BACKEND' || road === 'testers') continue;
    const others = groups[group][service] ?? inTable(counts.get(`${service}.${group}`));
    groups[group][service] = {
      // 1xx is left out, because HAProxy counts a WebSocket only when it ends, hours later.
      requests: others.requests + sum(row, ANSWERS) + hungUp(row),
      // From HAProxy 3.0 on `srv_abrt` has both answers cut short and requests without one, hence the maximum.
      errors: others.errors + sum(row, ['hrsp_5xx']) + Math.max(number(row, 'srv_abrt'), hungUp(row)),
      // `econ` has the requests that reached no server, each once, however often HAProxy tried.
      ...(others.unanswered !== undefined && { unanswered: others.unanswered + number(row, 'econ') + hungUp(row) }),
      latency: others.latency,
    };
  }
  const { baseline, ...slots } = groups;
  return { slots, ...(Object.keys(baseline).length > 0 && { baseline }) };
}

function parseTable(text: string): Map<string, number[]> {
  return new Map(
    [...text.matchAll(/key=(\S+) .*$/gm)].map((line) => [
      line[1]!,
      [...line[0].matchAll(/gpc\d+=(\d+)/g)].map((match) => Number(match[1])),
    ]),
  );
}

function inTable(counts: number[] = NOTHING): SlotCounters {
  // A process that runs the configuration of an older version of Spillway does not count it.
  const unanswered = counts[ANSWERED_FOR];
  return {
    requests: 0,
    errors: counts[OTHER_ERRORS] ?? 0,
    ...(unanswered !== undefined && { unanswered }),
    latency: [...LATENCY_BOUNDS, null].map((upTo, index) => ({ upTo, count: counts[index] ?? 0 })),
  };
}

/** The table has no entry of a backend that nobody has asked yet. */
const NOTHING = Array.from({ length: ANSWERED_FOR + 1 }, () => 0);

function sum(row: StatRow, columns: string[]): number {
  return columns.reduce((total, column) => total + number(row, column), 0);
}

function number(row: StatRow, column: string): number {
  return Number(row[column] || 0);
}
