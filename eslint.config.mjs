import tseslint from 'typescript-eslint';
import importX from 'eslint-plugin-import-x';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';

const FOLDERS = [
  'domain',
  'workflows',
  'activities',
  'targets',
  'routers',
  'databases',
  'metrics',
  'workers',
  'starters',
];
const TEMPORAL = ['activity', 'workflow', 'worker', 'client'];

/** One row of the table in docs/architecture.md: which folders and Temporal package values may come from. */
function row(folder, { values = [], types = [], temporal = [], forbidden = [], ignores = [] }) {
  const closed = FOLDERS.filter((other) => other !== folder && !values.includes(other));
  return {
    files: [`${folder}/**/*.ts`],
    ignores,
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            ...closed.map((other) => ({
              regex: `^\\.\\./${other}(/|$)`,
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
          ],
        },
      ],
    },
  };
}

const adapters = ['targets', 'routers', 'databases', 'metrics'];
const adapterTypes = { targets: [], routers: [], databases: [], metrics: ['routers', 'targets'] };

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
      'max-lines': ['error', { max: 350, skipComments: true, skipBlankLines: true }],
      'max-lines-per-function': ['error', { max: 80, skipComments: true, skipBlankLines: true }],
    },
  },
  row('domain', { forbidden: ['^node:', '^@temporalio/'] }),
  { files: ['domain/**/*.ts'], ignores: ['domain/config*.ts'], rules: { 'no-restricted-imports': ['error', 'zod'] } },
  ...adapters.map((folder) => row(folder, { values: ['domain'], types: adapterTypes[folder] })),
  row('activities', { values: ['domain', ...adapters], temporal: ['activity'] }),
  row('workflows', {
    values: ['domain'],
    types: ['activities'],
    temporal: ['workflow'],
    forbidden: ['^\\.\\./domain/config-', '^node:'],
  }),
  row('workers', { values: ['domain', 'activities', ...adapters], temporal: ['worker'] }),
  row('starters', { values: ['domain', 'workflows', 'metrics'], types: ['activities'], temporal: ['client'] }),
  { files: ['tests/**/*.ts', 'bench/**/*.ts'], rules: { 'max-lines-per-function': 'off' } },
);
