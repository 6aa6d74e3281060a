export { FakeClock } from './fake-clock.js';
export { FakeKeyManager, type KeyManagerCall } from './fake-key-manager.js';
export { RecordingLogger, type LogLine } from './recording-logger.js';
