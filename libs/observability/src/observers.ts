import type { ExchangeObserver } from '@parsec/exchange';

/** Tells several observers. */
export function observers(...all: readonly ExchangeObserver[]): ExchangeObserver {
  return {
    issued: (record) => all.forEach((observer) => observer.issued(record)),
    refused: (record, error, reference) => all.forEach((observer) => observer.refused(record, error, reference)),
  };
}
