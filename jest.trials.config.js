import unit from './jest.config.js';

/** @type {import('jest').Config} */
export default {
  ...unit,
  testMatch: ['<rootDir>/test/trials/**/*.spec.ts'],
  testPathIgnorePatterns: unit.testPathIgnorePatterns.filter((pattern) => pattern !== '<rootDir>/test/trials/'),
  // Trials take minutes; this ends what hangs.
  testTimeout: 600_000,
};
