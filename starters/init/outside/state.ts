import { cleanPath, isWithin } from '../../../domain/containers/volumes';
import { kindOfImage, type OutsideKind, repositoryOf } from './images';

export interface StateSigns {
  image?: string;
  /** The image that the last stage of its Dockerfile builds on. */
  base?: string;
  /** Where volumes are mounted that it may write to. */
  written: string[];
  /** Ports of the container that the file publishes or exposes. */
  ports: number[];
  /** True when labels, a health check or the like show that it speaks HTTP. */
  speaksHttp: boolean;
}

export interface State {
  kind: OutsideKind;
  /** By what it was known, such as `it is built from postgres:16`. */
  because: string;
  /** False when it was guessed from a path or a port. */
  isKnown: boolean;
}

// Where programs that hold data keep it, unless they are told otherwise.
const PATHS: [string, OutsideKind][] = [
  ...`/var/lib/postgresql /var/lib/pgsql /bitnami/postgresql /var/lib/mysql /bitnami/mysql /bitnami/mariadb /data/db
    /bitnami/mongodb /var/lib/mongodb /var/opt/mssql /opt/oracle/oradata /u01/app/oracle /database/config /opt/couchdb/data
    /opt/couchbase/var /var/lib/cassandra /bitnami/cassandra /var/lib/scylla /var/lib/neo4j /bitnami/neo4j /var/lib/memgraph
    /var/lib/arangodb3 /cockroach/cockroach-data /var/lib/clickhouse /var/lib/influxdb /var/lib/influxdb2 /var/lib/questdb
    /qdrant/storage /var/lib/weaviate /var/lib/milvus /chroma/chroma /firebird/data /var/lib/firebird /var/lib/tarantool
    /var/lib/surrealdb /var/lib/pgadmin /var/lib/edgedb /var/lib/gel /var/lib/falkordb /dgraph /var/lib/typedb /opt/typedb
    /opt/typedb-all-linux /greptimedb_data /home/arcadedb/databases /iotdb/data /root/ob /ydb_data /app/terminusdb/storage
    /var/monetdb5 /var/lib/databend /var/lib/cubrid /var/lib/opengauss /fuseki/databases`
    .split(/\s+/)
    .map((path): [string, OutsideKind] => [path, 'database']),
  ['/var/lib/redis', 'cache'],
  ['/bitnami/redis', 'cache'],
  ['/var/lib/valkey', 'cache'],
  ...`/var/lib/rabbitmq /bitnami/rabbitmq /var/lib/kafka /bitnami/kafka /var/lib/zookeeper /bitnami/zookeeper
    /var/lib/redpanda /pulsar/data /opt/emqx/data /mosquitto/data /var/lib/activemq`
    .split(/\s+/)
    .map((path): [string, OutsideKind] => [path, 'queue']),
  ...`/usr/share/elasticsearch/data /bitnami/elasticsearch /usr/share/opensearch/data /var/solr /bitnami/solr /meili_data
    /var/lib/manticore /var/lib/typesense`
    .split(/\s+/)
    .map((path): [string, OutsideKind] => [path, 'search engine']),
  ['/bitnami/minio', 'object store'],
  ['/bitnami/etcd', 'registry of data'],
  ['/etcd-data', 'registry of data'],
  ['/var/lib/etcd', 'registry of data'],
  ['/consul/data', 'registry of data'],
  ['/vault/file', 'registry of data'],
  ['/prometheus', 'part of the monitoring'],
  ['/var/lib/grafana', 'part of the monitoring'],
];

const PORTS: Record<number, OutsideKind> = {
  5432: 'database',
  3306: 'database',
  33060: 'database',
  1433: 'database',
  1521: 'database',
  27017: 'database',
  9042: 'database',
  7687: 'database',
  26257: 'database',
  28015: 'database',
  3050: 'database',
  1729: 'database',
  2136: 'database',
  2424: 'database',
  2881: 'database',
  5656: 'database',
  6379: 'cache',
  11211: 'cache',
  5672: 'queue',
  9092: 'queue',
  4222: 'queue',
  1883: 'queue',
  61616: 'queue',
  2181: 'queue',
  9200: 'search engine',
  9300: 'search engine',
  2379: 'registry of data',
};

/** Two versions of a service that holds data must not share it, so such a service is not released. */
export function stateOf(signs: StateSigns): State | undefined {
  return byImage(signs) ?? byPath(signs) ?? byPort(signs);
}

function byImage({ image, base }: StateSigns): State | undefined {
  // What is built has a name of its own. A site is built on Caddy, but not on Traefik.
  if (base !== undefined) {
    const kind = kindOfImage(base);
    return kind === undefined || (kind === 'router' && /(^|\/)(caddy|swag)$/.test(repositoryOf(base)))
      ? undefined
      : { kind, because: `it is built from ${base}`, isKnown: true };
  }
  const kind = image === undefined ? undefined : kindOfImage(image);
  return kind && { kind, because: `its image is ${image}`, isKnown: true };
}

function byPath({ written }: StateSigns): State | undefined {
  for (const target of written) {
    const found = PATHS.find(([path]) => isWithin(cleanPath(target), path));
    if (found) return { kind: found[1], because: `it writes to ${target}`, isKnown: false };
  }
  return undefined;
}

function byPort({ ports, written, speaksHttp }: StateSigns): State | undefined {
  const known = [...new Set(ports)].filter((port) => PORTS[port] !== undefined);
  const [first] = known;
  // 9200 speaks HTTP in many programs, so one sign of HTTP is enough to doubt it.
  if (speaksHttp || first === undefined) return undefined;
  const kind = PORTS[first]!;
  if (ports.every((port) => known.includes(port)))
    return { kind, because: `all its ports (${ports.join(', ')}) are those of a ${kind}`, isKnown: false };
  // Many databases have pages for people at another port.
  const store = known.find((port) => PORTS[port] === 'database' || PORTS[port] === 'cache');
  if (store === undefined || written.length === 0) return undefined;
  const because = `its port ${store} is that of a ${PORTS[store]}, and it writes to ${written.join(', ')}`;
  return { kind: PORTS[store]!, because, isKnown: false };
}
