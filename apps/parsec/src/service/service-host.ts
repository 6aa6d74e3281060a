import { Injectable } from '@nestjs/common';
import type { Service } from './service.js';

/**
 * Holds the service that is in force. Both listeners read it; {@link ServiceLifecycle} puts it there.
 * It has no lifecycle hooks of its own, because each Nest application it is given to would call them.
 */
@Injectable()
export class ServiceHost {
  #service: Service | undefined;
  #phase: 'starting' | 'serving' | 'stopping' = 'starting';

  /** The service in force. One exchange reads it once and keeps to it. */
  get service(): Service {
    if (this.#service === undefined) throw new Error('the service is not open yet');
    return this.#service;
  }

  set service(service: Service) {
    this.#service = service;
  }

  /** Whether the public listener takes requests and shutdown has not begun. */
  get isServing(): boolean {
    return this.#phase === 'serving';
  }

  begin(): void {
    this.#phase = 'serving';
  }

  stop(): void {
    this.#phase = 'stopping';
  }
}
