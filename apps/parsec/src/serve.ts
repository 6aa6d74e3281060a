import { writeSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Configuration } from '@parsec/config';
import { createLogger, standardOutput } from '@parsec/observability';
import { Logger } from 'nestjs-pino';
import { AppModule } from './app.module.js';
import { Listener } from './http/listener.js';
import { listenerLimits } from './http/listener-limits.js';
import { ServiceHost } from './service/service-host.js';

/**
 * Serves a configuration until SIGTERM or SIGINT, then finishes what is in flight and exits with 0.
 * @throws ParsecError where an instance or a signer cannot be opened, or the system's error where a port cannot be had
 */
export async function serve(configuration: Configuration): Promise<void> {
  const { server, trust_domain: trustDomain, observability } = configuration.settings;
  const logger = createLogger(observability.log_level, standardOutput(endWithoutLog));
  const application = await NestFactory.create<NestExpressApplication>(
    AppModule.serving(configuration, logger),
    new Listener(listenerLimits(server.limits)),
    {
      logger: false,
      abortOnError: false,
      bodyParser: false,
    },
  );
  application.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  try {
    await application.listen(server.http_port, server.host);
  } catch (error) {
    await application.close();
    throw error;
  }
  application.get(ServiceHost).begin();
  application.useLogger(application.get(Logger));
  logger.info(
    {
      trust_domain: trustDomain,
      issuer: server.issuer,
      http: `http://${server.host}:${server.http_port}`,
      management: `http://${server.management_host}:${server.management_port}`,
    },
    'parsec is serving',
  );
}

/** Nothing can be logged any more, and nothing may be issued that is not. */
function endWithoutLog(error: Error): never {
  writeSync(2, `parsec ends: its log cannot be written (${(error as NodeJS.ErrnoException).code ?? error.message})\n`);
  process.exit(1);
}
