import { existsSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { readConnection, type ConnectionSettings } from '../../domain/connection/read';
import { ConfigurationFailure } from '../../domain/failures';

export interface PostgresServer {
  /** What the connection string says; the password is among it, so nobody shows it whole. */
  settings: ConnectionSettings;
  hosts: PostgresHost[];
  user: string;
  database: string;
  /** `HOST:PORT/DATABASE`, for people. */
  name: string;
  /** Where the connection string stands, for people. */
  secret: string;
  /** Where files lie that libpq reads by itself. */
  home: string;
  passwordFile: string;
}

export interface PostgresHost {
  /** A name, an address, or the folder of a socket. */
  host: string;
  /** Absent when the name is to be looked up. */
  address?: string;
  port: number;
}

interface Source {
  secret?: string;
  environment?: NodeJS.ProcessEnv;
}

/** How long a host may take to let somebody in, in seconds; in a list another one may answer meanwhile. */
const CONNECT_SECONDS = { alone: 10, listed: 3 };

/** Debian's libpq looks in the first, PostgreSQL's own in the second. */
const SOCKETS = ['/var/run/postgresql', '/tmp'];

/** @throws ConfigurationFailure, without quoting the string, since that has the password in it. */
export function parsePostgresUrl(
  url: string,
  { secret = 'database.url', environment = {} }: Source = {},
): PostgresServer {
  const read = readConnection(url);
  if ('mistake' in read) throw new ConfigurationFailure(`The secret ${secret} cannot be used: ${read.mistake}`);
  const { settings } = read;
  const home = environment.HOME ?? homedir();
  const hosts = hostsOf(settings);
  const user = settings.user ?? userInfo().username;
  const database = settings.dbname ?? user;
  const passwordFile = settings.passfile ?? environment.PGPASSFILE ?? `${home}/.pgpass`;
  return { settings, hosts, user, database, name: nameOf(hosts, database), secret, home, passwordFile };
}

/** How long a host is waited for. libpq takes none and zero for no limit, but a step has one. */
export function connectSeconds({ settings, hosts }: PostgresServer): number {
  const given = Number(settings.connect_timeout ?? 0);
  return given > 0 ? given : CONNECT_SECONDS[hosts.length > 1 ? 'listed' : 'alone'];
}

/** The same server, but another database on it. */
export function onDatabase(server: PostgresServer, database: string): PostgresServer {
  return { ...server, database, name: nameOf(server.hosts, database) };
}

/** The same database, but only by this host, where the programs shall find what a session has found. */
export function onHost(server: PostgresServer, host: PostgresHost): PostgresServer {
  return { ...server, hosts: [host], name: nameOf([host], server.database) };
}

function nameOf(hosts: PostgresHost[], database: string): string {
  return `${hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(',')}/${database}`;
}

function hostsOf({ host, hostaddr, port }: ConnectionSettings): PostgresHost[] {
  const ports = port?.split(',') ?? [];
  const portAt = (index: number) => Number((ports.length === 1 ? ports[0] : ports[index]) || 5432);
  const addresses = hostaddr?.split(',') ?? [];
  const hosts = host?.split(',') ?? addresses;
  if (hosts.length === 0) hosts.push('');
  return hosts.map((name, index) => {
    const [own, address] = [portAt(index), addresses[index]];
    return { host: name || address || nearby(own), ...(address && { address }), port: own };
  });
}

function nearby(port: number): string {
  return SOCKETS.find((folder) => existsSync(`${folder}/.s.PGSQL.${port}`)) ?? 'localhost';
}
