/** How an instance is, in words for people. Holds no secret and no address that is one. */
export interface Health {
  readonly status: 'up' | 'down';
  readonly detail?: string;
}

/** Any instance may report how it is; one that does not is up while it is open. Asked often: answer from memory. */
export interface HealthReporter {
  health(): Health;
}
