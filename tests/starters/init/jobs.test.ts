import { jobOf, type JobSigns } from '../../../starters/init/jobs/job';
import { migrationCommands, migrationTool } from '../../../starters/init/jobs/tools';

const signs = (more: Partial<JobSigns>): JobSigns => ({
  name: 'web',
  command: '',
  restart: undefined,
  condition: undefined,
  awaitedBy: [],
  isReached: false,
  ...more,
});

test.each([
  ['alembic upgrade head', 'Alembic'],
  ['flask db upgrade', 'Alembic'],
  ['bundle exec rails db:migrate', 'Rails'],
  ['bin/rake db:create db:migrate', 'Rails'],
  ['python manage.py migrate --noinput', 'Django'],
  ['npx prisma migrate deploy', 'Prisma'],
  ['npx sequelize-cli db:migrate', 'Sequelize'],
  ['knex migrate:latest', 'Knex'],
  ['node ./node_modules/.bin/typeorm -d ds.js migration:run', 'TypeORM'],
  ['flyway -connectRetries=60 migrate', 'Flyway'],
  ['liquibase update', 'Liquibase'],
  ['dbmate up', 'dbmate'],
  ['goose -dir migrations postgres up', 'goose'],
  ['migrate -path /migrations -database postgres://db up', 'golang-migrate'],
  ['php artisan migrate --force', 'Laravel'],
  ['php bin/console doctrine:migrations:migrate -n', 'Symfony'],
  ['dotnet ef database update', 'Entity Framework'],
  ['mix ecto.migrate', 'Ecto'],
  ['diesel migration run', 'Diesel'],
  ['sqlx migrate run', 'SQLx'],
])('%s is known as %s [proves 15]', (command, name) => expect(migrationTool(command)?.name).toBe(name));

test.each(['node server.js', 'npm start', 'rails server', 'python manage.py runserver', ''])(
  '%s migrates nothing',
  (command) => expect(migrationTool(command)).toBeUndefined(),
);

test.each([
  [{ awaitedBy: ['web'] }, 'web waits until it has ended'],
  [{ awaitedBy: ['web', 'worker'], restart: 'always' }, 'web, worker wait until it has ended'],
  [{ restart: 'no', command: 'alembic upgrade head' }, 'its command is one of Alembic'],
  [{ command: 'python manage.py migrate' }, 'its command is one of Django'],
  [{ image: 'flyway/flyway:10', command: 'migrate' }, 'its command is one of Flyway'],
  [{ restart: 'no', command: './import.sh' }, 'nothing starts it again'],
  [{ restart: 'false' }, 'nothing starts it again'],
  [{ condition: 'none', command: './import.sh' }, 'nothing starts it again'],
  [{ name: 'db-migrate', restart: 'on-failure' }, 'its name is that of a job'],
  [{ name: 'createbuckets' }, 'its name is that of a job'],
  [{ name: 'init-permissions' }, 'its name is that of a job'],
  [{ name: 'airflow-init' }, 'its name is that of a job'],
])('%j is a job [proves 15]', (given, because) => expect(jobOf(signs(given))?.because).toContain(because));

test.each([
  [{ restart: 'no', isReached: true }],
  [{ restart: 'no', command: 'node server.js' }],
  [{}],
  [{ name: 'worker', command: 'celery -A app worker' }],
  [{ command: 'sh -c "alembic upgrade head && uvicorn app:app"', restart: 'always' }],
  [{ command: 'sh -c "python manage.py migrate && gunicorn app.wsgi"' }],
  [{ name: 'migrator', restart: 'unless-stopped' }],
  [{ name: 'initiative' }],
  [{ condition: 'any', restart: 'no', name: 'queue' }],
])('%j is none [proves 15]', (given) => expect(jobOf(signs(given))).toBeUndefined());

test('commands for a migration with undo are written where the tool has both ways', () => {
  expect(migrationCommands(migrationTool('alembic upgrade head')!)).toBe(
    `{ status: [YOUR-PROGRAM], up: [alembic, upgrade, '{to}'], down: [alembic, downgrade, '{to}'], base: "base" }`,
  );
  expect(migrationCommands(migrationTool('npx prisma migrate deploy')!)).toBeUndefined();
});
