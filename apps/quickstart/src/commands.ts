import { EXAMPLE_CONTEXT, EXAMPLE_DETAILS } from './calls.js';
import { DEMO_CLIENT, DEMO_GRANT } from './demo-provider.js';

/** A command to paste into a shell, and what it is for. */
export interface Command {
  readonly purpose: string;
  /** Needs nothing but curl and any Node. */
  readonly lines: readonly string[];
}

/** The three commands that the quickstart prints. The second uses what the first keeps. */
export function commands(tokenServiceUrl: string, identityProviderUrl: string): readonly Command[] {
  return [
    {
      purpose: 'alice signs in: an access token from the identity provider',
      lines: [
        `ACCESS_TOKEN=$(curl -s ${identityProviderUrl}/token -u ${DEMO_CLIENT.id}:${DEMO_CLIENT.secret}`,
        `  -d grant_type=${DEMO_GRANT} -d username=alice -d scope=orders.write`,
        `  | node -pe 'JSON.parse(fs.readFileSync(0)).access_token'); echo $ACCESS_TOKEN`,
      ],
    },
    {
      purpose: 'the gateway, which shows who it is with an assertion of its own, exchanges it for a Txn-Token',
      lines: [
        `curl -s ${tokenServiceUrl}/v1/token`,
        `  -d grant_type=urn:ietf:params:oauth:grant-type:token-exchange`,
        `  -d requested_token_type=urn:ietf:params:oauth:token-type:txn_token`,
        `  -d audience=trust-domain.example -d scope=trade.stocks`,
        `  -d subject_token=$ACCESS_TOKEN -d subject_token_type=urn:ietf:params:oauth:token-type:access_token`,
        `  -d client_assertion=$(curl -s ${identityProviderUrl}/workload/assertion)`,
        `  -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer`,
        `  --data-urlencode 'request_context=${JSON.stringify(EXAMPLE_CONTEXT)}'`,
        `  --data-urlencode 'request_details=${JSON.stringify(EXAMPLE_DETAILS)}'`,
      ],
    },
    {
      purpose: 'anyone fetches the keys that verify it',
      lines: [`curl -s ${tokenServiceUrl}/.well-known/jwks.json`],
    },
  ];
}
