import { ParsecError, type Permit } from '@parsec/plugin-sdk';
import type { Grant } from './authorize.js';
import { matches } from './matches.js';

/**
 * Decides the scope of the token: never more than what the subject's credential allows, nor than what every permit allows.
 * @param requested the scopes asked for, at least one
 * @param allowed what the subject's credential allows, or `null` where it does not say: unknown is never unlimited
 * @returns the scopes that are granted, at least one, in the order asked for
 * @throws ParsecError `PARSEC_SCOPE_REFUSED`: asked above the credential (`scope_above_subject`), the credential does not say
 *   (`scope_unknown`), or nothing remains (`scope_not_permitted`)
 */
export function grantScope(requested: readonly string[], allowed: readonly string[] | null, grant: Grant): readonly string[] {
  const bound = allowed ?? scopesGrantedByAll(grant.permits);
  if (allowed === null && bound.length === 0) throw refuse('scope_unknown', 'the credential does not say what it allows');
  if (!requested.every((scope) => bound.includes(scope))) throw refuse('scope_above_subject', 'asked for more than the credential allows');
  const granted = requested.filter((scope) => grant.permits.every((permit) => isPermitted(permit, scope, allowed === null)));
  if (granted.length === 0) throw refuse('scope_not_permitted', 'no scope that was asked for is permitted');
  return granted;
}

function scopesGrantedByAll(permits: readonly Permit[]): readonly string[] {
  const [first, ...others] = permits;
  return (first?.grantScopes ?? []).filter((scope) => others.every((permit) => permit.grantScopes.includes(scope)));
}

/** A permit that grants scopes by name need not repeat them as patterns; where it has patterns, they limit. */
function isPermitted(permit: Permit, scope: string, isGranted: boolean): boolean {
  return matches(permit.scopes, scope) || (isGranted && permit.scopes.length === 0);
}

function refuse(reason: string, message: string): ParsecError {
  return new ParsecError('PARSEC_SCOPE_REFUSED', message, { reason });
}
