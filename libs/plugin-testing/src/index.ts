export type { ContractCheck } from './contract/check.js';
export { checkOptions, OptionsRefused } from './contract/check-options.js';
export { contractChecks } from './contract/contract-checks.js';
export { describeContract } from './contract/describe-contract.js';
export type { CommonFixture, ContractFixture, ContractPlugin, KindFixtures, PlainOptions } from './contract/fixture.js';
export { FakeClock } from './fake-clock.js';
export { FakeKeyManager, type KeyManagerCall } from './fake-key-manager.js';
export { RecordingLogger, type LogLine } from './recording-logger.js';
export { sampleFacts, samplePrincipal } from './sample-facts.js';
