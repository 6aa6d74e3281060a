import allowAll from '@parsec/authorizer-allow-all';
import policy from '@parsec/authorizer-policy';
import staticData from '@parsec/data-source-static';
import fileKeys from '@parsec/key-manager-file';
import memoryKeys from '@parsec/key-manager-memory';
import pkcs11Keys from '@parsec/key-manager-pkcs11';
import spireKeys from '@parsec/key-manager-spire';
import kmsKeys from '@parsec/key-manager-aws-kms';
import { PluginRegistry } from '@parsec/kernel';
import fileTrust from '@parsec/trust-store-file';
import introspectionTrust from '@parsec/trust-store-introspection';
import oidcTrust from '@parsec/trust-store-oidc';
import staticTrust from '@parsec/trust-store-static';

/** A registry that holds the plugins in the box. This list is the only place that knows them. */
export function createRegistry(): PluginRegistry {
  const registry = new PluginRegistry();
  for (const plugin of [
    staticTrust,
    fileTrust,
    oidcTrust,
    introspectionTrust,
    memoryKeys,
    fileKeys,
    kmsKeys,
    spireKeys,
    pkcs11Keys,
    staticData,
    policy,
    allowAll,
  ])
    registry.register(plugin, 'built-in');
  return registry;
}
