/** Why a service stays outside of releases. */
export type OutsideKind =
  | 'database'
  | 'cache'
  | 'queue'
  | 'search engine'
  | 'object store'
  | 'registry of data'
  | 'part of the monitoring'
  | 'tool of the team'
  | 'router';

// Names are the last part of an image's name; those with a slash also say what stands before it.
const NAMES: Record<OutsideKind, string> = {
  database: `postgres postgresql postgresql-repmgr postgis pgvector timescaledb timescaledb-ha citus paradedb pgbouncer pgpool
    pgcat supavisor spilo alloydbomni mysql mysql-server mariadb mariadb-galera percona percona-server proxysql mongo mongodb
    mongodb-community-server mongodb-enterprise-server mongodb-sharded mongodb-atlas-local percona-server-mongodb ferretdb
    documentdb mssql mssql/server mssql-server-linux azure-sql-edge oracle-xe oracle-free oracle-database database/free
    database/enterprise database/express db2 db2_community/db2 db2express-c couchdb couchbase couchbase/server cassandra
    dse-server scylla scylla-cluster neo4j memgraph memgraph-platform arangodb arangodb/arangodb rethinkdb ravendb orientdb
    dgraph nebula-graphd nebula-metad nebula-storaged janusgraph blazegraph virtuoso-opensource-7 graphdb cockroach tidb tikv
    pd yugabyte surrealdb singlestoredb-dev cluster-in-a-box vertica-ce exasol/docker-db firebird firebirdsql interbase
    clickhouse clickhouse-server clickhouse-keeper questdb influxdb influxdb3-core influxdb3-enterprise opentsdb graphite
    graphite-statsd victoria-metrics vmstorage tdengine crate cratedb druid pinot starrocks doris rqlite tarantool aerospike
    aerospike-server eventstore kurrentdb immudb dolt dolt-sql-server dynamodb-local qdrant weaviate milvus chroma chromadb
    lancedb vespa marqo pinecone-local trino presto risingwave materialized libsql-server sqld hasura/postgres supabase/postgres
    pocketbase edgedb gel falkordb dgraph/standalone typedb typedb-cluster greptimedb arcadedb iotdb oceanbase oceanbase-ce
    obproxy-ce ydb local-ydb terminusdb terminusdb-server monetdb databend databend-query cnosdb cubrid opengauss
    opengauss-server polardb_pg_local_instance matrixone allin1-ubuntu hbase vitess/lite vttestserver griddb
    voltdb-community nuodb nuodb-ce hanaexpress iris-community infiniflow/infinity jena-fuseki fuseki oxigraph stardog agraph
    mariadb/columnstore maxscale percona-xtradb-cluster mysql-cluster crunchy-postgres percona-distribution-postgresql
    pgvecto-rs vchord-postgres apache/age doltgres doltgresql tdengine-tsdb horaedb skytable xtdb xtdb-aws datomic`,
  cache: `redis redis-stack redis-stack-server redis-cluster redis-sentinel valkey valkey-bundle keydb dragonfly garnet kvrocks
    ssdb memcached hazelcast ignite infinispan infinispan-server server/data-grid-8 varnish`,
  queue: `rabbitmq kafka cp-kafka cp-server cp-enterprise-kafka kafka-native cp-zookeeper zookeeper redpanda pulsar pulsar-all
    pulsar-standalone nats nats-streaming nats-server jetstream activemq activemq-artemis activemq-classic artemis
    artemiscloud/activemq-artemis-broker emqx emqx-enterprise eclipse-mosquitto mosquitto hivemq4 hivemq-ce vernemq rocketmq
    nsq beanstalkd elasticmq elasticmq-native softwaremill/elasticmq faktory gearmand iggy lavinmq mercure goaws
    cp-schema-registry schema-registry cp-kafka-connect connect debezium/connect cp-ksqldb-server ksqldb-server cp-kafka-rest
    apicurio-registry-mem apicurio-registry-sql kafka-connect eventhubs-emulator servicebus-emulator temporalio/auto-setup
    auto-setup temporalio/server`,
  'search engine': `elasticsearch elasticsearch-oss opensearch solr meilisearch typesense manticore sphinx zincsearch zinc
    quickwit sonic opensearchproject/opensearch`,
  'object store': `minio minio/mc mc localstack localstack-pro azurite azure-storage/azurite fake-gcs-server seaweedfs
    chrislusf/seaweedfs garage ceph ceph/daemon rustfs s3mock s3proxy storj sftp atmoz/sftp ftpd_server pure-ftpd samba nfs-server`,
  'registry of data': `etcd consul vault openbao gitea forgejo gogs gitlab-ce gitlab-ee gitlab-runner sonarqube nexus3
    artifactory-oss artifactory-pro artifactory-jcr jenkins jenkins/jenkins verdaccio registry harbor-core openldap
    osixia/openldap samba-ad-dc lldap freeipa-server teamcity-server teamcity-agent drone drone-runner-docker woodpecker-server
    woodpecker-agent act_runner mailserver/docker-mailserver docker-mailserver mailu/admin postfix boky/postfix`,
  'part of the monitoring': `prometheus prom/prometheus alertmanager pushgateway grafana grafana-oss grafana-enterprise
    grafana-image-renderer loki promtail tempo mimir pyroscope alloy agent k6 cadvisor node-exporter blackbox-exporter
    postgres-exporter postgres_exporter redis_exporter mysqld-exporter mongodb_exporter elasticsearch_exporter
    elasticsearch-exporter kafka-exporter nginx-prometheus-exporter rabbitmq-exporter statsd-exporter snmp-exporter
    process-exporter celery-exporter jaeger all-in-one jaeger-collector jaeger-query zipkin zipkin-slim otel-collector
    opentelemetry-collector opentelemetry-collector-contrib kibana logstash filebeat metricbeat heartbeat apm-server
    opensearch-dashboards fluentd fluent-bit vector telegraf chronograf kapacitor statsd netdata zabbix-server-pgsql
    zabbix-agent zabbix-web-nginx-pgsql uptime-kuma healthchecks signoz signoz-otel-collector query-service datadog/agent
    newrelic/infrastructure vmagent vmalert vminsert vmselect thanos karma sentry parca beszel beszel-agent`,
  'tool of the team': `adminer phpmyadmin pgadmin4 pgweb cloudbeaver mongo-express redis-commander redisinsight redis-insight
    p3x-redis-ui mailhog mailpit maildev inbucket smtp4dev mailcatcher greenmail kafka-ui kafdrop akhq kowl console
    kafka-manager cmak cerebro elastichq elasticvue dbgate sqlpad metabase-dev watchtower portainer portainer-ce portainer/agent
    autoheal ofelia dozzle diun wud whats-up-docker docker-socket-proxy socket-proxy dockge yacht ctop lazydocker
    selenium/hub standalone-chrome standalone-firefox standalone-chromium standalone-edge node-chrome node-firefox
    stripe-cli mockserver wiremock postgres-backup-local postgres-backup-s3 postgres-backup mysql-backup mysql-cron-backup
    docker-volume-backup restic rclone duplicati borgmatic cron-backup wait-for-it docker-compose-wait dockerize kcat kafkacat
    cloudflared ngrok tailscale zerotier wireguard gluetun pangolin frpc frps swagger-editor temporalio/ui temporalio/admin-tools admin-tools filebrowser code-server`,
  router: `traefik caddy caddy-docker-proxy nginx-proxy docker-gen acme-companion docker-letsencrypt-nginx-proxy-companion
    letsencrypt-nginx-proxy-companion nginx-proxy-manager haproxy haproxy-alpine swag certbot envoy kong kong-gateway apisix
    krakend tyk-gateway tyk zoraxy bunkerweb sozu
    dockercloud/haproxy https-portal`,
};

const KINDS = new Map(
  (Object.entries(NAMES) as [OutsideKind, string][]).flatMap(([kind, names]) =>
    names.split(/\s+/).map((name): [string, OutsideKind] => [name, kind]),
  ),
);

/** These words are names of programs only where their makers stand before them. */
const COMMON = new Map<string, RegExp>([
  ['agent', /grafana|portainer|datadog/],
  ['all-in-one', /jaeger/],
  ['auto-setup', /temporal/],
  ['admin-tools', /temporal/],
  ['connect', /debezium|kafka|redpanda/],
  ['console', /redpanda|minio/],
  ['server', /mssql|couchbase|temporal/],
  ['vector', /timberio/],
  ['graphite', /graphiteapp/],
  ['pd', /pingcap/],
  ['query-service', /signoz/],
  ['sonic', /valeriansaliou/],
  ['storj', /storj/],
  ['sphinx', /sphinx|macbre/],
  ['tyk', /tyk/],
  ['drone', /drone/],
  ['sentry', /sentry/],
  ['mc', /minio/],
  ['sftp', /atmoz/],
  ['alloy', /grafana/],
  ['garage', /dxflrs|garage/],
  ['gel', /geldata/],
  ['iggy', /iggy|apache/],
  // Teams give such names to services of their own, too.
  ...`vault consul karma thanos druid doris pinot chroma dragonfly garnet ignite artemis zinc mimir parca vespa trino presto
    crate yacht swag envoy telegraf healthchecks mercure redpanda statsd loki faktory registry diun heartbeat tempo`
    .split(/\s+/)
    .map((word): [string, RegExp] => [word, makersOf(word)]),
]);

function makersOf(word: string): RegExp {
  const makers =
    'bitnami|apache|apachepinot|hashicorp|prom|grafana|linuxserver|envoyproxy|dragonflydb|chromadb|trinodb';
  return new RegExp(`^${word}$|^(${makers}|[a-z-]*${word}[a-z-]*)/`);
}

/** Answers the name without registry, tag and digest: `mssql/server`. */
export function repositoryOf(image: string): string {
  const [name = ''] = image.split('@');
  const parts = name.replace(/:[^/]*$/, '').split('/');
  if (parts.length > 1 && /[.:]|^localhost$/.test(parts[0]!)) parts.shift();
  if (parts[0] === 'library') parts.shift();
  return parts.join('/').toLowerCase();
}

/** Says what a well-known image is; undefined for all others. */
export function kindOfImage(image: string): OutsideKind | undefined {
  const repository = repositoryOf(image);
  const parts = repository.split('/');
  const last = parts.at(-1)!;
  const maker = COMMON.get(last);
  if (maker && !maker.test(repository) && !maker.test(image)) return undefined;
  return (
    KINDS.get(parts.slice(-2).join('/')) ??
    KINDS.get(last) ??
    (/[-_]exporter$/.test(last) ? 'part of the monitoring' : undefined)
  );
}

const POSTGRES =
  /(^|\/)(postgres|postgresql|postgresql-repmgr|postgis|pgvector|timescaledb|timescaledb-ha|citus|paradedb|spilo|alloydbomni|crunchy-postgres|percona-distribution-postgresql|pgvecto-rs|vchord-postgres|apache\/age)$/;

export function isPostgres(image: string): boolean {
  return POSTGRES.test(repositoryOf(image));
}

/** Docker Hub’s own images, and others of which the team makes no version. */
export function isOfOthers(image: string): boolean {
  const parts = image.replace(/^docker\.io\//, '').split('/');
  return parts.length === 1 || parts[0] === 'library';
}
