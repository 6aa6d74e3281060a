import { Controller, Get, Header } from '@nestjs/common';
import { jwksUri, METADATA_PATH, tokenEndpoint } from '@parsec/config';
import type { AuthenticationMethod } from '@parsec/trust';
import { ServiceHost } from '../service/service-host.js';

/** What OAuth calls the ways of authenticating (RFC 8414 section 2); some have no name there. */
const REGISTERED_NAMES: Readonly<Partial<Record<AuthenticationMethod, string>>> = { jwt_bearer: 'private_key_jwt' };

/** Authorization server metadata (RFC 8414 section 2), as far as a token service has it. */
@Controller(METADATA_PATH)
export class MetadataController {
  constructor(private readonly host: ServiceHost) {}

  @Get()
  @Header('Cache-Control', 'public, max-age=300')
  show(): object {
    const { configuration, issuers } = this.host.service;
    const { issuer, client_authentication: methods } = configuration.settings.server;
    return {
      issuer,
      token_endpoint: tokenEndpoint(issuer),
      jwks_uri: jwksUri(issuer),
      // There is no authorization endpoint, so there is no response type.
      response_types_supported: [],
      grant_types_supported: ['urn:ietf:params:oauth:grant-type:token-exchange'],
      token_endpoint_auth_methods_supported: methods.flatMap((method) => REGISTERED_NAMES[method] ?? []),
      token_endpoint_auth_signing_alg_values_supported: issuers.requesterAlgorithms,
    };
  }
}
