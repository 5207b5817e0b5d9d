/** @type {import('jest').Config} */
module.exports = {
  preset: 'ts-jest',
  testEnvironment: 'node',
  setupFiles: ['<rootDir>/src/test/env.ts'],
  testMatch: ['**/__tests__/**/*.test.ts', '<rootDir>/tests/e2e/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/dist/'],
  // The services came first; everything else is still measured by nobody.
  collectCoverageFrom: ['src/services/**/*.ts', '!src/**/*.d.ts', '!src/**/__tests__/**'],
  coverageDirectory: 'coverage',
  coverageReporters: ['text-summary', 'json-summary', 'lcov'],
  coverageThreshold: {
    global: {
      statements: 5,
      branches: 3,
      functions: 5,
      lines: 5,
    },
  },
  clearMocks: true,
};
