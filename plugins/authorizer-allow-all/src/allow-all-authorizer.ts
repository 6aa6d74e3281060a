import { Injectable } from '@nestjs/common';
import type { Authorizer, CallContext, ExchangeFacts, Permit } from '@parsec/plugin-sdk';

const EVERYTHING: readonly string[] = Object.freeze(['*']);

const PERMIT: Permit = Object.freeze({
  outcome: 'permit',
  rule: 'allow_all',
  trustedIssuers: EVERYTHING,
  subjectTokenTypes: EVERYTHING,
  tokenTypes: EVERYTHING,
  scopes: EVERYTHING,
  // These names are a source of scopes, not a limit: a credential that carries none gets none here either.
  grantScopes: Object.freeze([]),
  context: EVERYTHING,
  details: EVERYTHING,
  outliveSubject: true,
});

/** Permits whatever the trusted issuer and the subject's credential allow, to every requester that authenticates. */
@Injectable()
export class AllowAllAuthorizer implements Authorizer {
  async authorize(_facts: ExchangeFacts, { signal }: CallContext): Promise<Permit> {
    signal.throwIfAborted();
    return PERMIT;
  }
}
