// Typed lint rules, and the import rules of test/architecture/layers.json as lint messages.
import { readFileSync } from 'node:fs';
import tseslint from 'typescript-eslint';

const { modules, reasons } = JSON.parse(
  readFileSync(new URL('test/architecture/layers.json', import.meta.url), 'utf8'),
);
const owners = new Map();
for (const [name, { packages }] of Object.entries(modules)) {
  for (const dependency of packages) owners.set(dependency, [...(owners.get(dependency) ?? []), name]);
}

/** Forbids, in each module, the npm packages that belong to others. */
const packageRules = Object.entries(modules).map(([name, { packages }]) => ({
  files: [`${name}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        paths: [...owners.keys()]
          .filter((dependency) => !packages.includes(dependency))
          .map((dependency) => ({ name: dependency, message: reasons.packages })),
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ['dist/**', 'coverage/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/consistent-type-definitions': 'off',
      // Conflicts with noPropertyAccessFromIndexSignature.
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // What tests take apart are objects of closures.
      '@typescript-eslint/unbound-method': 'off',
      // node:test returns promises that the runner itself awaits.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['test', 'it', 'describe', 'suite'], package: 'node:test' },
          ],
        },
      ],
    },
  },
  ...packageRules,
);
