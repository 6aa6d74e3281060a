import { Controller, Get, Header } from '@nestjs/common';
import { jwksUri, METADATA_PATH, tokenEndpoint } from '@parsec/config';
import { AUTHENTICATION_METHODS } from '@parsec/trust';
import { ServiceHost } from '../service/service-host.js';

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
      token_endpoint_auth_methods_supported: methods.map((method) => AUTHENTICATION_METHODS[method].metadataName),
      token_endpoint_auth_signing_alg_values_supported: issuers.requesterAlgorithms,
    };
  }
}
