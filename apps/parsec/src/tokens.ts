import { getConfigToken } from '@nestjs/config';

/** Injects the checked `Configuration`, which `@nestjs/config` serves under the name `parsec`. */
export const CONFIGURATION = getConfigToken('parsec');
/** Injects the root logger of pino. */
export const ROOT_LOGGER = Symbol('parsec.root-logger');
