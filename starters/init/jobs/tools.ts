/** A tool that migrates databases, and how Spillway could ask it for each step. */
export interface MigrationTool {
  name: string;
  pattern: RegExp;
  /** Commands of `database.migrations`, as far as the tool has them; words in quotes. */
  up?: string;
  down?: string;
  status?: string;
  /** Its name for the state before the first migration. */
  base?: string;
}

const list = (command: string, script: string): string => `[sh, -c, "${command} | sed -nE '${script}'"]`;

export const MIGRATION_TOOLS: MigrationTool[] = [
  {
    name: 'Alembic',
    pattern: /\balembic\b.*\b(upgrade|stamp)\b|\bflask\s+db\s+upgrade\b/,
    up: "[alembic, upgrade, '{to}']",
    down: "[alembic, downgrade, '{to}']",
    base: 'base',
  },
  {
    name: 'Rails',
    pattern: /\b(rails|rake)\s+\S*\bdb:(migrate|prepare|setup|schema:load|create)\b/,
    status: list(
      'bin/rails db:migrate:status',
      's/^ *up +([0-9]+).*/applied \\\\1/p; s/^ *down +([0-9]+).*/pending \\\\1/p',
    ),
    up: "[bin/rails, db:migrate, 'VERSION={to}']",
    down: "[bin/rails, db:migrate, 'VERSION={to}']",
    base: '0',
  },
  { name: 'Django', pattern: /\bmanage\.py\s+migrate\b|\bdjango-admin\s+migrate\b/ },
  { name: 'Prisma', pattern: /\bprisma\s+(migrate\s+(deploy|dev|reset)|db\s+push)\b/ },
  {
    name: 'Sequelize',
    pattern: /\bsequelize(-cli)?\s+db:(migrate|create|seed)/,
    status: list('npx sequelize db:migrate:status', 's/^up +/applied /p; s/^down +/pending /p'),
    up: "[npx, sequelize, 'db:migrate', --to, '{to}']",
    down: "[npx, sequelize, 'db:migrate:undo', --name, '{name}']",
  },
  {
    name: 'Knex',
    pattern: /\bknex\s+(migrate|seed):\w+/,
    up: '[npx, knex, migrate:latest]',
    down: "[npx, knex, migrate:down, '{name}']",
  },
  { name: 'TypeORM', pattern: /\btypeorm\S*\s+.*migration:run\b/ },
  { name: 'Drizzle', pattern: /\bdrizzle-kit\s+(migrate|push)\b/ },
  { name: 'MikroORM', pattern: /\bmikro-orm\s+migration:up\b/ },
  { name: 'Flyway', pattern: /\bflyway\b/ },
  { name: 'Liquibase', pattern: /\bliquibase\b/ },
  {
    name: 'dbmate',
    pattern: /\bdbmate\b/,
    status: list('dbmate status', 's/^\\\\[X\\\\] /applied /p; s/^\\\\[ \\\\] /pending /p'),
    up: '[dbmate, up]',
  },
  { name: 'goose', pattern: /\bgoose\b.*\bup\b/ },
  { name: 'golang-migrate', pattern: /(^|\/|\s)migrate(\s|:|@|$).*(\s|=)up\b|migrate\/migrate/ },
  { name: 'Atlas', pattern: /\batlas\s+(migrate|schema)\s+apply\b|arigaio\/atlas/ },
  { name: 'sqitch', pattern: /\bsqitch\s+deploy\b/ },
  { name: 'Laravel', pattern: /\bartisan\s+(migrate|db:seed)/ },
  { name: 'Symfony', pattern: /\bdoctrine:(migrations:migrate|schema:update|database:create)\b/ },
  { name: 'Phinx', pattern: /\bphinx\s+migrate\b/ },
  {
    name: 'Entity Framework',
    pattern: /\bdotnet[- ]ef\s+database\s+update\b|\befbundle\b/,
    up: "[dotnet, ef, database, update, '{to}']",
    down: "[dotnet, ef, database, update, '{to}']",
    base: '0',
  },
  { name: 'Ecto', pattern: /\bmix\s+ecto\.(migrate|setup|create)\b|\.Release\.migrate\b|\beval\b.*\bmigrate\b/ },
  { name: 'Diesel', pattern: /\bdiesel\s+(migration|database)\s+\w+/ },
  { name: 'SQLx', pattern: /\bsqlx\s+(migrate\s+run|database)\b/ },
  { name: 'SeaORM', pattern: /\bsea-orm-cli\s+migrate\b/ },
  { name: 'node-pg-migrate', pattern: /\bnode-pg-migrate\s+up\b/ },
  { name: 'Yoyo', pattern: /\byoyo\s+apply\b/ },
  { name: 'Aerich', pattern: /\baerich\s+upgrade\b/ },
];

export function migrationTool(command: string): MigrationTool | undefined {
  return MIGRATION_TOOLS.find(({ pattern }) => pattern.test(command));
}

/** Writes the commands that are known, to be copied; undefined when the tool has none. */
export function migrationCommands({ status, up, down, base }: MigrationTool): string | undefined {
  if (up === undefined || down === undefined) return undefined;
  const rest = base === undefined ? '' : `, base: "${base}"`;
  return `{ status: ${status ?? '[YOUR-PROGRAM]'}, up: ${up}, down: ${down}${rest} }`;
}
