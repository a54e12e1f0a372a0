import { z } from 'zod';
import { mistake, untilReadable } from './rule';
import { command, durationOr, expectedOne, name, secret, shown, variables } from './values';

const files = z.strictObject({
  directory: z
    .string()
    .min(1)
    .meta({
      description: 'Folder with `NAME.up.sql` and `NAME.down.sql`, applied in the order of their names.',
      examples: ['./migrations'],
    }),
  order: z.enum(['warn', 'strict']).prefault('warn').meta({
    description:
      'What becomes of a pending file with the number of another, or with a smaller one than is applied: a warning, or a refusal.',
  }),
});

const commands = z.strictObject({
  status: command().meta({
    description: 'Prints one line a migration: `applied NAME` or `pending NAME`, in their order.',
    examples: [['./migrate', 'status']],
  }),
  up: command().meta({
    description: 'Applies what is pending; with `{to}`, everything up to and including the migration of that name.',
    examples: [['alembic', 'upgrade', '{to}']],
  }),
  down: command().meta({
    description:
      'With `{to}`: reverts everything newer than the migration of that name, which stays. With `{name}`: reverts that one.',
    examples: [['alembic', 'downgrade', '{to}']],
  }),
  base: z
    .string()
    .prefault('base')
    .meta({ description: 'What `{to}` stands for in `down` when no migration stays.', examples: ['base'] }),
  timeout: durationOr('10m', '1ms').meta({ description: 'How long one run may take before it is stopped and fails.' }),
  cwd: z.string().min(1).prefault('.').meta({ description: 'Folder in which they run, relative to this file.' }),
  env: variables()
    .prefault({})
    .meta({
      description: 'Environment variables they get beside those of the worker: text, or a reference to a secret.',
      examples: [{ DATABASE_URL: { env: 'DATABASE_URL' } }],
    }),
});

const migrations = z.union([files.meta({ title: 'files' }), commands.meta({ title: 'commands' })], {
  error: ({ input }) =>
    typeof input === 'object' && input !== null && !Array.isArray(input)
      ? undefined
      : `expected \`directory\`, or the commands \`status\`, \`up\` and \`down\`, seen ${shown(input)}`,
});

const postgres = z
  .strictObject({
    driver: z
      .literal('postgres')
      .optional()
      .default('postgres')
      .meta({ description: 'PostgreSQL, in which a migration that fails leaves nothing.' }),
    url: secret.meta({
      description: 'Where the connection string is found: the name of a variable, or of a file, of the worker.',
      examples: [{ env: 'DATABASE_URL' }],
    }),
    backupUrl: secret.optional().meta({
      description:
        'Another connection string of the same database, for backups: of a role that may read all rows where that of `url` may not.',
      examples: [{ env: 'BACKUP_DATABASE_URL' }],
    }),
    migrations: migrations.optional().meta({
      description: 'How it is migrated: by SQL files in a folder, or by the team’s own commands.',
    }),
    verify: command()
      .optional()
      .meta({
        description: 'Run after the migrations; when its exit code is not zero they are undone.',
        examples: [['./check-database']],
      }),
    verifyTimeout: durationOr('5m', '1ms').meta({ description: 'How long the verification may take.' }),
    onRollback: z.enum(['revert', 'restore', 'keep']).prefault('revert').meta({
      description:
        'What a rollback does: `revert` the migrations of the release, `restore` the backup (which loses what was written since), or `keep` them.',
    }),
    owners: z
      .array(z.string().min(1))
      .prefault([])
      .meta({
        description:
          'Roles whose objects in the database are this app’s, beside that of `url`: a restore drops them and puts them back.',
        examples: [['shop_owner']],
      }),
    statementTimeout: durationOr('60s', '1ms').meta({ description: 'How long a statement of a migration may take.' }),
    lockTimeout: durationOr('5s', '1ms').meta({
      description: 'How long a migration may wait for a lock before it fails rather than block the live version.',
    }),
  })
  .superRefine((given, context) => {
    if (given.lockTimeout > given.statementTimeout) {
      mistake(context, ['lockTimeout'], 'expected no more than `statementTimeout`, of which it is a part');
    }
  }, untilReadable)
  .meta({ title: 'postgres' });

export const database = z.discriminatedUnion('driver', [postgres], expectedOne('driver', 'postgres'));

export const databases = z.record(name(), database).superRefine((given, context) => {
  const names = Object.keys(given);
  if (names.length === 1) return;
  const seen = names.length === 0 ? 'none' : names.join(', ');
  context.addIssue(
    `expected one database, since a release backs up and migrates one so far, seen ${seen}; leave the others out`,
  );
});

export type DatabaseConfig = z.output<typeof database>;
