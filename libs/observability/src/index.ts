export { AuditLog } from './audit-log.js';
export { KeyMetrics } from './key-metrics.js';
export { ExchangeMetrics } from './exchange-metrics.js';
export { createLogger, instanceLogger, pluginLogger, redact, standardOutput, type LogLevel } from './logger.js';
export { observers } from './observers.js';
