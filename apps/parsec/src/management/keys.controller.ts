import { Controller, Get, Header, HttpCode, NotFoundException, Param, Post, UseFilters, UseGuards } from '@nestjs/common';
import type { KeyStatus, Signer } from '@parsec/keys';
import { ServiceHost } from '../service/service-host.js';
import { AdminFilter } from './admin.filter.js';
import { AdminGuard } from './admin.guard.js';

/** Times as RFC 3339 has them. */
type WithTimes<Status> = { readonly [Member in keyof Status]: Status[Member] extends number | undefined ? string : Status[Member] };

/** A key as `/admin/keys` shows it. */
export type ShownKey = WithTimes<KeyStatus>;

/** A signer as `/admin/keys` shows it. */
export interface ShownSigner {
  readonly signer: string;
  readonly ready: boolean;
  /** When the key in force is to be replaced. */
  readonly next_rotation?: string;
  readonly keys: readonly ShownKey[];
}

/** What every answer holds: the signers that it is about. */
interface ShownSigners {
  readonly signers: readonly ShownSigner[];
}

/** Shows, rotates and revokes signing keys. */
@Controller('admin')
@UseGuards(AdminGuard)
@UseFilters(AdminFilter)
export class KeysController {
  constructor(private readonly host: ServiceHost) {}

  @Get('keys')
  @Header('Cache-Control', 'no-store')
  list(): ShownSigners {
    return { signers: [...this.host.service.signers.values()].map(show) };
  }

  /** Has the signer sign with another key as soon as one was published for long enough. */
  @Post('signers/:signer/rotate')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async rotate(@Param('signer') name: string): Promise<ShownSigners> {
    const signer = this.host.service.signers.get(name);
    if (signer === undefined) {
      throw new NotFoundException(`there is no signer "${name}"; there is ${[...this.host.service.signers.keys()].join(', ')}`);
    }
    await signer.rotate();
    return { signers: [show(signer)] };
  }

  /** Takes a key out of the JWKS at once and for good. */
  @Post('keys/:kid/revoke')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async revoke(@Param('kid') kid: string): Promise<ShownSigners> {
    const concerned: Signer[] = [];
    for (const signer of this.host.service.signers.values()) if (await signer.revoke(kid)) concerned.push(signer);
    if (concerned.length === 0) throw new NotFoundException('no signer has a key of this kid');
    return { signers: concerned.map(show) };
  }
}

function show(signer: Signer): ShownSigner {
  const next = signer.schedule?.nextRotation;
  return {
    signer: signer.name,
    ready: signer.ready,
    ...(next === undefined ? {} : { next_rotation: time(next) }),
    keys: signer
      .status()
      .map(
        (key) =>
          Object.fromEntries(
            Object.entries(key).map(([member, value]) => [member, typeof value === 'number' ? time(value) : value]),
          ) as ShownKey,
      ),
  };
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
