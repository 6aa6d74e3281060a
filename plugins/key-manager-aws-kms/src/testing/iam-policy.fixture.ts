import { readFileSync } from 'node:fs';
import type { KmsServer } from './kms-server.fixture.js';
import type { KmsInput } from './kms-store.fixture.js';

interface Statement {
  readonly Effect: 'Allow';
  readonly Action: string | readonly string[];
  readonly Resource: string;
  readonly Condition?: { readonly StringEquals: Readonly<Record<string, string>> };
}

/** One thing that a request wants to do to one resource. */
interface Demand {
  readonly action: string;
  readonly resource: string;
  /** Condition keys and their values. */
  readonly facts: Readonly<Record<string, string | undefined>>;
}

const ARN = 'arn:aws:kms:eu-central-1:111122223333';

/** The statements of the policy that the README tells to copy. */
export function readmePolicy(): readonly Statement[] {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const json = /```json\n([^`]+)```/.exec(readme)?.[1] ?? '';
  return (JSON.parse(json) as { Statement: readonly Statement[] }).Statement;
}

/** Lets a stand-in refuse, with AccessDeniedException, what the policy does not allow. */
export function enforce(policy: readonly Statement[], kms: KmsServer): void {
  kms.plan = (operation) => {
    const input = kms.calls.at(-1)?.input ?? {};
    const isAllowed = demandsOf(operation, input, kms).every((demand) => policy.some((statement) => allows(statement, demand)));
    return isAllowed ? undefined : { status: 400, type: 'AccessDeniedException' };
  };
}

function allows({ Action, Resource, Condition }: Statement, { action, resource, facts }: Demand): boolean {
  const matches = Resource.endsWith('*') ? resource.startsWith(Resource.slice(0, -1)) : resource === Resource;
  const holds = Object.entries(Condition?.StringEquals ?? {}).every(([key, value]) => facts[key] === value);
  return [Action].flat().includes(action) && matches && holds;
}

/** What KMS asks IAM for each operation, by its table of permissions: operations on aliases need the alias and its key. */
function demandsOf(operation: string, input: KmsInput, { store }: KmsServer): readonly Demand[] {
  const action = `kms:${operation}`;
  const onKey = (id = ''): Demand => ({
    action,
    resource: `${ARN}:key/${id}`,
    facts: tagFacts('aws:ResourceTag', store.keys.get(id)?.input),
  });
  const alias: Demand = { action, resource: `${ARN}:${input.AliasName}`, facts: {} };
  const requested = tagFacts('aws:RequestTag', input);
  switch (operation) {
    case 'ListAliases':
      return [{ action, resource: '*', facts: {} }];
    case 'CreateKey':
      return [
        { action, resource: '*', facts: { ...requested, 'kms:KeyUsage': input.KeyUsage } },
        { action: 'kms:TagResource', resource: `${ARN}:key/new`, facts: requested },
      ];
    case 'CreateAlias':
      return [alias, onKey(input.TargetKeyId)];
    case 'DeleteAlias':
      return [alias, onKey(store.aliases.get(input.AliasName ?? ''))];
    default:
      return [onKey(input.KeyId)];
  }
}

function tagFacts(prefix: string, input: KmsInput = {}): Record<string, string> {
  return Object.fromEntries((input.Tags ?? []).map(({ TagKey, TagValue }) => [`${prefix}/${TagKey}`, TagValue]));
}
