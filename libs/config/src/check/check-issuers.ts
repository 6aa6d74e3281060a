import type { DeclaredIssuer, PluginDefinition } from '@parsec/plugin-sdk';
import { findIssuerProblems } from '@parsec/trust';
import { serviceIdentifiers } from '../endpoints.js';
import type { ConfigurationPath } from '../path.js';
import { within, type Finding } from './finding.js';
import type { CheckedInstance } from './check-instances.js';
import { nearestName, oneOf } from './nearest-name.js';

interface PlacedIssuer {
  readonly issuer: DeclaredIssuer['issuer'];
  readonly path: ConfigurationPath;
}

/** What the trust stores say of their issuers before they are open. */
interface Declarations {
  readonly issuers: readonly PlacedIssuer[];
  /** Whether every issuer that there will be is among them. */
  readonly complete: boolean;
  readonly findings: readonly Finding[];
}

/**
 * Finds trusted issuers that cannot be used, by themselves or side by side, and references to issuers that no trust store has.
 * @param issuer `server.issuer`, where it is known
 * @param complete whether `instances` holds every trust store that is configured
 */
export function checkIssuers(instances: readonly CheckedInstance[], complete: boolean, issuer: string | undefined): Finding[] {
  const trustStores = instances.filter(({ definition }) => definition.kind === 'trust_store');
  const { issuers, complete: declared, findings } = collectDeclarations(trustStores);
  const names = new Set(issuers.map((one) => one.issuer.name));
  // An issuer that is known only while running may have any name.
  const references = complete && declared ? instances.flatMap((instance) => checkReferencesOf(instance, names)) : [];
  const roles = complete && declared && issuers.length > 0 ? checkRoles(issuers) : [];
  return [...findings, ...checkProblems(issuers, issuer), ...references, ...roles];
}

function collectDeclarations(trustStores: readonly CheckedInstance[]): Declarations {
  const declarations = trustStores.map(({ definition, options, path }): Declarations => {
    const { declaredIssuers } = definition as PluginDefinition<'trust_store'>;
    if (declaredIssuers === undefined) return { issuers: [], complete: false, findings: [] };
    try {
      const issuers = declaredIssuers(options).map((declared) => ({ issuer: declared.issuer, path: [...path, ...declared.path] }));
      // One that is not even an issuer makes this throw.
      findIssuerProblems(
        issuers.map(({ issuer }) => issuer),
        undefined,
      );
      return { issuers, complete: true, findings: [] };
    } catch {
      return { issuers: [], complete: false, findings: [{ path, message: 'the plugin failed to tell its trusted issuers' }] };
    }
  });
  return {
    issuers: declarations.flatMap(({ issuers }) => issuers),
    complete: declarations.every(({ complete }) => complete),
    findings: declarations.flatMap(({ findings }) => findings),
  };
}

function checkProblems(placed: readonly PlacedIssuer[], issuer: string | undefined): Finding[] {
  return findIssuerProblems(
    placed.map((one) => one.issuer),
    issuer === undefined ? undefined : serviceIdentifiers(issuer),
  ).map(({ index, key, message }) => ({
    path: [...(placed[index]?.path ?? []), key],
    message,
  }));
}

/** Without somebody to ask and somebody to ask for, nothing could ever be exchanged. */
function checkRoles(placed: readonly PlacedIssuer[]): Finding[] {
  return (['subject', 'requester'] as const)
    .filter((role) => !placed.some((one) => one.issuer.acceptAs.includes(role)))
    .map((role) => ({ path: ['trust_stores'], message: `no trusted issuer is accepted as ${role}, so nothing could be exchanged` }));
}

function checkReferencesOf({ definition, options, path }: CheckedInstance, names: ReadonlySet<string>): Finding[] {
  try {
    const references = definition.issuerReferences?.(options) ?? [];
    const dangling = references.filter(({ name }) => !name.includes('*') && !names.has(name));
    return within(
      path,
      dangling.map((reference) => danglingReference(reference, names)),
    );
  } catch {
    return [{ path, message: 'the plugin failed to tell which trusted issuers it refers to' }];
  }
}

function danglingReference({ name, path }: { name: string; path: ConfigurationPath }, names: ReadonlySet<string>): Finding {
  const nearest = nearestName(name, names);
  const message = 'there is no trusted issuer of this name';
  const expected = names.size === 0 ? 'a trusted issuer, of which there is none' : oneOf(names);
  return { path, message, ...(nearest === undefined ? { expected } : { nearest }), discreet: { message, expected } };
}
