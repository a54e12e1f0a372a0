import tseslint from 'typescript-eslint';
import importX from 'eslint-plugin-import-x';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';

const FOLDERS = [
  'domain',
  'waiting',
  'workflows',
  'activities',
  'targets',
  'routers',
  'databases',
  'stores',
  'metrics',
  'state',
  'workers',
  'starters',
];
const TEMPORAL = ['activity', 'workflow', 'worker', 'client'];
/** Folders lie at most so deep. A file in none of these depths would escape the table, so this is more than there are. */
const DEPTHS = [1, 2, 3, 4, 5];

/** Files of a folder that lie at this depth, and what an import from them begins with that leaves the folder. */
const filesAt = (folder, depth) => `${folder}/${'*/'.repeat(depth - 1)}*.ts`;
const outOf = (depth) => (depth === 0 ? '^\\./' : `^${'\\.\\./'.repeat(depth)}`);

const restricted = (patterns) => ({ '@typescript-eslint/no-restricted-imports': ['error', { patterns }] });
const valuesOnlyFrom = (regex, message) => ({ regex, allowTypeImports: true, message });

/**
 * One row of the table in docs/architecture.md: which folders and Temporal package values may come from. It is written
 * once for each depth, since `../metrics` is another folder in one file and a room of the same folder in another.
 */
function row(folder, { values = [], types = [], temporal = [], forbidden = [], patterns = () => [], ignores = [] }) {
  const closed = FOLDERS.filter((other) => other !== folder && !values.includes(other));
  return DEPTHS.map((depth) => ({
    files: [filesAt(folder, depth)],
    ignores,
    rules: restricted([
      ...closed.map((other) => ({
        regex: `${outOf(depth)}${other}(/|$)`,
        allowTypeImports: types.includes(other),
        message: `${folder} may not import ${types.includes(other) ? 'values ' : ''}from ${other}`,
      })),
      ...TEMPORAL.filter((name) => !temporal.includes(name)).map((name) => ({
        regex: `^@temporalio/${name}$`,
        message: `${folder} may not import @temporalio/${name}`,
      })),
      ...forbidden.map((regex) => ({
        regex,
        allowTypeImports: regex === '^node:',
        message: `${folder} may not import this`,
      })),
      ...patterns(depth),
    ]),
  }));
}

/** Workflow code imports most of `domain`; zod must not come along, so only the configuration's own files may use it. */
const WITH_ZOD = ['domain/config.ts', 'domain/config/**'];
const NO_ZOD = 'values of the configuration bring zod along, which workflow code must not load';
/** Workers must replay alike, but each Node brings its own data of the world's time zones. */
const NO_ZONES = 'time zones differ from worker to worker: ask an activity';
const pure = { forbidden: ['^node:', '^@temporalio/'] };

const adapters = ['targets', 'routers', 'databases', 'stores', 'metrics', 'state'];
const adapterTypes = {
  targets: [],
  routers: ['targets'],
  databases: [],
  stores: [],
  metrics: ['routers', 'targets'],
  state: ['targets'],
};

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'coverage', '**/*.mjs', '**/*.js'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'import-x/no-cycle': 'error',
      'max-lines': ['error', { max: 250, skipComments: true, skipBlankLines: true }],
      'max-lines-per-function': ['error', { max: 68, skipComments: true, skipBlankLines: true }],
    },
  },
  ...row('domain', pure),
  ...row('domain', {
    ...pure,
    ignores: WITH_ZOD,
    patterns: (depth) => [valuesOnlyFrom('^zod$', NO_ZOD), valuesOnlyFrom(`${outOf(depth - 1)}config(/|$)`, NO_ZOD)],
  }),
  ...row('waiting', { values: ['domain'] }),
  ...adapters.flatMap((folder) => row(folder, { values: ['domain', 'waiting'], types: adapterTypes[folder] })),
  ...row('activities', { values: ['domain', 'waiting', ...adapters], temporal: ['activity'] }),
  ...row('workflows', {
    values: ['domain'],
    types: ['activities'],
    temporal: ['workflow'],
    forbidden: ['^node:'],
    patterns: (depth) => [
      valuesOnlyFrom(`${outOf(depth)}domain/config(/|$)`, NO_ZOD),
      valuesOnlyFrom(`${outOf(depth)}domain/windows(/|$)`, NO_ZONES),
    ],
  }),
  ...row('workers', { values: ['domain', 'waiting', 'activities', ...adapters], temporal: ['worker'] }),
  ...row('starters', {
    values: ['domain', 'waiting', 'workflows', 'metrics'],
    types: ['activities'],
    temporal: ['client'],
    patterns: () => [valuesOnlyFrom('^@temporalio/client$', 'it takes long to load: ask `temporal()` for its values')],
  }),
  {
    files: ['tests/**/*.ts', 'bench/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 350, skipComments: true, skipBlankLines: true }],
      'max-lines-per-function': 'off',
    },
  },
);
