import { Controller, Get, Header, UseFilters, UseGuards } from '@nestjs/common';
import type { IssuerStatus } from '@parsec/trust';
import { ServiceHost } from '../service/service-host.js';
import { AdminFilter } from './admin.filter.js';
import { AdminGuard } from './admin.guard.js';

/** A trusted issuer as `/admin/trust` shows it. */
export interface ShownIssuer {
  readonly trusted_issuer: string;
  readonly issuer: string;
  readonly trust_store: string;
  readonly accept_as: readonly string[];
  readonly token_types: readonly string[];
  /** How many usable keys are at hand. */
  readonly keys: number;
  /** When they were last fetched, or seen to be unchanged; left out where nothing is fetched. */
  readonly fetched_at?: string;
  readonly status: 'up' | 'down';
  /** What is wrong. */
  readonly detail?: string;
}

/** Shows whom the service trusts now. */
@Controller('admin/trust')
@UseGuards(AdminGuard)
@UseFilters(AdminFilter)
export class TrustController {
  constructor(private readonly host: ServiceHost) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  list(): { readonly trusted_issuers: readonly ShownIssuer[] } {
    const now = Date.now();
    return { trusted_issuers: this.host.service.issuers.status().map((status) => show(status, now)) };
  }
}

function show({ issuer, trustStore, keys, health }: IssuerStatus, now: number): ShownIssuer {
  return {
    trusted_issuer: issuer.name,
    issuer: issuer.issuer,
    trust_store: trustStore,
    accept_as: issuer.acceptAs,
    token_types: issuer.tokenTypes,
    keys: keys?.count ?? 0,
    ...(keys?.age === undefined ? {} : { fetched_at: new Date(now - keys.age).toISOString() }),
    ...health,
  };
}
