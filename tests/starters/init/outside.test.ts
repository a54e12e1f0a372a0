import { isPostgres, kindOfImage, repositoryOf } from '../../../starters/init/outside/images';
import { stateOf, type StateSigns } from '../../../starters/init/outside/state';

const signs = (more: Partial<StateSigns>): StateSigns => ({ written: [], ports: [], speaksHttp: false, ...more });

test.each([
  ['postgres:16', 'database'],
  ['docker.io/library/postgres', 'database'],
  ['ghcr.io/acme/postgres:16', 'database'],
  ['pgvector/pgvector:pg16', 'database'],
  ['supabase/postgres:15.1', 'database'],
  ['bitnami/postgresql-repmgr:16', 'database'],
  ['timescale/timescaledb-ha:pg16', 'database'],
  ['neo4j:5-enterprise', 'database'],
  ['qdrant/qdrant:v1.9.0', 'database'],
  ['semitechnologies/weaviate', 'database'],
  ['cr.weaviate.io/semitechnologies/weaviate:1.25', 'database'],
  ['milvusdb/milvus:v2.4', 'database'],
  ['ghcr.io/chroma-core/chroma:latest', 'database'],
  ['mcr.microsoft.com/mssql/server:2022-latest', 'database'],
  ['mcr.microsoft.com/azure-sql-edge', 'database'],
  ['gvenzl/oracle-xe:21', 'database'],
  ['container-registry.oracle.com/database/free:latest', 'database'],
  ['icr.io/db2_community/db2', 'database'],
  ['couchdb:3', 'database'],
  ['couchbase/server', 'database'],
  ['scylladb/scylla', 'database'],
  ['influxdb:2.7', 'database'],
  ['questdb/questdb', 'database'],
  ['clickhouse/clickhouse-server:24', 'database'],
  ['cockroachdb/cockroach', 'database'],
  ['surrealdb/surrealdb:v2', 'database'],
  ['edgedb/edgedb:6', 'database'],
  ['geldata/gel', 'database'],
  ['falkordb/falkordb:latest', 'database'],
  ['dgraph/standalone:v24', 'database'],
  ['vaticle/typedb:2.28', 'database'],
  ['typedb/typedb', 'database'],
  ['greptime/greptimedb', 'database'],
  ['arcadedata/arcadedb', 'database'],
  ['apache/iotdb:1.3.2-standalone', 'database'],
  ['oceanbase/oceanbase-ce', 'database'],
  ['ydbplatform/local-ydb', 'database'],
  ['ghcr.io/ydb-platform/local-ydb:latest', 'database'],
  ['terminusdb/terminusdb-server', 'database'],
  ['matrixorigin/matrixone', 'database'],
  ['monetdb/monetdb', 'database'],
  ['starrocks/allin1-ubuntu', 'database'],
  ['vitess/lite', 'database'],
  ['opengauss/opengauss-server', 'database'],
  ['apache/age', 'database'],
  ['tensorchord/vchord-postgres:pg17', 'database'],
  ['redis/redis-stack:latest', 'cache'],
  ['redis/redis-stack-server', 'cache'],
  ['docker.dragonflydb.io/dragonflydb/dragonfly', 'cache'],
  ['valkey/valkey:8', 'cache'],
  ['memcached:alpine', 'cache'],
  ['rabbitmq:3-management', 'queue'],
  ['confluentinc/cp-kafka:7.6.0', 'queue'],
  ['docker.redpanda.com/redpandadata/redpanda:v24', 'queue'],
  ['apachepulsar/pulsar:3.2', 'queue'],
  ['nats:2.10', 'queue'],
  ['emqx/emqx:5', 'queue'],
  ['eclipse-mosquitto:2', 'queue'],
  ['docker.elastic.co/elasticsearch/elasticsearch:8.13.0', 'search engine'],
  ['getmeili/meilisearch:v1.8', 'search engine'],
  ['typesense/typesense:26.0', 'search engine'],
  ['solr:9', 'search engine'],
  ['quay.io/minio/minio', 'object store'],
  ['minio/mc', 'object store'],
  ['localstack/localstack', 'object store'],
  ['quay.io/coreos/etcd:v3.5', 'registry of data'],
  ['hashicorp/vault', 'registry of data'],
  ['gitea/gitea:1.22', 'registry of data'],
  ['prom/prometheus', 'part of the monitoring'],
  ['oliver006/redis_exporter', 'part of the monitoring'],
  ['acme/orders-exporter', 'part of the monitoring'],
  ['axllent/mailpit', 'tool of the team'],
  ['containrrr/watchtower', 'tool of the team'],
  ['traefik:v3.0', 'router'],
  ['jwilder/nginx-proxy', 'router'],
  ['cloudflare/cloudflared', 'tool of the team'],
  ['qmcgaw/gluetun', 'tool of the team'],
])('%s is a %s [proves 16]', (image, kind) => expect(kindOfImage(image)).toBe(kind));

test.each([
  'nginx',
  'acme/web',
  'acme/redis-ui',
  'acme/postgres-api',
  'ghcr.io/acme/console',
  'acme/agent',
  'acme/vault',
  'acme/chroma',
  'acme/gel',
  'acme/standalone',
  'acme/age',
  'wordpress:6',
  'localhost:5000/shop',
  'acme/server:1',
])('%s is nothing that is known', (image) => expect(kindOfImage(image)).toBeUndefined());

test.each([
  ['registry.example.com:5000/shop/web:1.2@sha256:abc', 'shop/web'],
  ['docker.io/library/postgres:16', 'postgres'],
  ['localhost/Web', 'web'],
  ['', ''],
])('the repository of %s is %s', (image, repository) => expect(repositoryOf(image)).toBe(repository));

test('only PostgreSQL is migrated and backed up', () => {
  expect(['postgres', 'postgis/postgis:16', 'mysql:8', 'pgbouncer/pgbouncer'].map(isPostgres)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

describe('a service that holds data', () => {
  test.each([
    [{ image: 'shop-db', base: 'postgres:16' }, 'database', 'it is built from postgres:16'],
    [
      { image: 'acme/store', written: ['/var/lib/postgresql/data'] },
      'database',
      'it writes to /var/lib/postgresql/data',
    ],
    [{ base: 'debian', written: ['/data/db/'] }, 'database', 'it writes to /data/db/'],
    [{ image: 'acme/mq', ports: [5672] }, 'queue', 'all its ports (5672) are those of a queue'],
    [{ image: 'acme/db', ports: [27017] }, 'database', 'all its ports (27017)'],
    [
      { image: 'acme/graph', ports: [6379, 3000], written: ['/var/lib/graph'] },
      'cache',
      'its port 6379 is that of a cache, and it writes to /var/lib/graph',
    ],
    [
      { image: 'acme/db', ports: [10001, 5656], written: ['/state'] },
      'database',
      'its port 5656 is that of a database, and it writes to /state',
    ],
    [{ image: 'acme/db', written: ['/dgraph'] }, 'database', 'it writes to /dgraph'],
  ])('%j is known [proves 16]', (given, kind, because) => {
    expect(stateOf(signs(given))).toMatchObject({ kind, because: expect.stringContaining(because) as string });
  });

  test.each([
    [{ base: 'nginx:alpine' }],
    [{ base: 'caddy' }],
    [{ image: 'acme/web', ports: [3000, 5432] }],
    [{ image: 'acme/web', ports: [3000, 9092], written: ['/uploads'] }],
    [{ image: 'acme/web', ports: [3000, 6379], written: ['/uploads'], speaksHttp: true }],
    [{ image: 'acme/web', ports: [3000], written: ['/uploads'] }],
    [{ image: 'acme/search', ports: [9200], speaksHttp: true }],
    [{ image: 'acme/web', written: ['/data', '/var/lib/postgresql-client'] }],
  ])('%j is none', (given) => expect(stateOf(signs(given))).toBeUndefined());
});
