/** @type {import('jest').Config} */
export default {
  reporters: ['default', '<rootDir>/test/support/skipped-reporter.js'],
  roots: ['<rootDir>/libs', '<rootDir>/plugins', '<rootDir>/apps', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  // These have configurations of their own: jest.interop.config.js and jest.trials.config.js.
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '<rootDir>/test/interop/', '<rootDir>/test/trials/'],
  modulePathIgnorePatterns: ['/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)(?<!\\.json)\\.js$': '$1' },
  // Workspace packages resolve to their sources; the program under test in test/e2e is the built one.
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'import', 'default'] },
  // A limit for tests that hang, not a measure: property tests take a while on a busy machine.
  testTimeout: 60_000,
  setupFiles: ['<rootDir>/test/jest.setup.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
};
